"""A connector file that is wrong is told so by file, line, key and what was probably meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from connectors.spec import ConnectorError, ExportShape, Several, load_connector, load_connectors, load_sources

GOOD = """\
name: acme
kind: crm
owner: sales
rank: 40
objects:
  Customer:
    exports:
      - {file: "customers*", require: [ID, Name]}
    key: ID
    records:
      - kind: person
        fields:
          <<: &names {given_name: First, family_name: Last}
          family_name: Name
"""


def fault(tmp_path: Path, text: str) -> str:
    path = tmp_path / "acme.yaml"
    path.write_text(text)
    with pytest.raises(ConnectorError) as error:
        load_connector(path)
    assert str(error.value).startswith(f"{path}: ")
    return str(error.value).removeprefix(f"{path}: ")


def test_what_a_mapping_merges_in_may_be_said_again(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(GOOD)
    fields = load_connector(path).objects["Customer"].records[0].fields
    assert {name: field.columns for name, field in fields.items()} == {
        "given_name": ("First",),
        "family_name": ("Name",),
    }


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("owner:", "ownr:", "line 3: ownr: there is no such key; did you mean 'owner'?"),
        ("require:", "requires:", "line 8: objects.Customer.exports.0.requires: there is no such key; did you mean"),
        (
            "fields:",
            "feilds:",
            "line 12: objects.Customer.records.0.feilds: there is no such key; did you",
        ),
        ("kind: crm", "kind: crn", "line 2: kind: found 'crn'; did you mean 'crm'?"),
        ("rank: 40", "rank: 400", "line 4: rank: expected less than or equal to 100, found 400"),
        ("kind: crm", "kind: crm\nkind: hr", "line 3: the key 'kind' stands twice, first in line 2; keep one of them"),
        ("    key: ID\n", "", "line 6: objects.Customer: an object needs either `key: column` or `natural: [columns]`"),
        (
            "family_name: Name",
            "family_name: Name\n          family_name: Last",
            "line 15: the key 'family_name'",
        ),
        (
            "require: [",
            "sheet: People, require: [",
            "line 8: objects.Customer.exports.0: `sheet` is for the format excel",
        ),
        ("require: [", "delimiter: '||', require: [", "delimiter: expected"),
        ("require: [", "format: xml, require: [", "xml needs `root: path of the element that is a row`"),
        ("key: ID", "key: ID\n    merged_into: ID", "`merged_into` is a column that holds keys of other rows"),
        ("key: ID", "natural: ID\n    swallows: IDs", "`swallows` is a column that holds keys of other rows"),
        ("objects:", "objects: [", "cannot be read as YAML"),
        (GOOD, "- acme\n", "expected a mapping with name, kind, owner, rank and objects"),
        (GOOD, "", "expected a mapping with name, kind, owner, rank and objects"),
        ("name: acme", "name: acne", "name is 'acne', but the file is called acme.yaml"),
    ],
)
def test_a_wrong_word_is_told_with_its_line(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    assert told in fault(tmp_path, GOOD.replace(right, wrong, 1))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- acme\n", "expected a mapping of sources"),
        ("acme: DE\n", "line 1: acme: expected a mapping of keys, found 'DE'"),
        ("acme: {contry: DE}\n", "line 1: acme.contry: there is no such key; did you mean 'country'?"),
        ("acme: {fresh_within: 7}\n", "expected a number of hours or days, such as `2 days`"),
        ("acme: {}\nacme: {}\n", "line 2: the key 'acme' stands twice"),
    ],
)
def test_wrong_settings_of_sources_are_told_with_their_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "sources.yaml").write_text(text)
    with pytest.raises(ConnectorError, match=r"sources\.yaml") as error:
        load_sources(tmp_path)
    assert told in str(error.value)


def test_settings_of_sources_may_be_empty_or_absent(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text("# nothing yet\n")
    assert load_sources(tmp_path, tmp_path / "nowhere") == {}


def test_a_folder_of_connectors_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="nowhere: CONCORD_CONNECTORS names this folder, but it is not there"):
        load_connectors([tmp_path / "nowhere"])


def test_a_connector_that_would_be_passed_over_for_its_ending_is_named(tmp_path: Path) -> None:
    (tmp_path / "acme.yml").write_text(GOOD)
    with pytest.raises(ConnectorError, match=r"acme\.yml: .* rename it to acme\.yaml"):
        load_connectors([tmp_path])


PAGE = Path(__file__).parents[2] / "docs" / "add-a-system.md"


def test_every_word_about_an_export_is_explained_and_every_example_is_right() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [word for word in ExportShape.model_fields if not re.search(rf"`{word}\b|\b{word}:", text)] == []
    examples = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    shapes = [shape for example in examples if isinstance(example, list) for shape in example]
    assert len(shapes) >= 5
    for shape in shapes:
        ExportShape.model_validate(shape)
    Several.model_validate(next(example["several"] for example in examples if "several" in example))
