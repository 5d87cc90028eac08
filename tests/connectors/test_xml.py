"""XML: rows by the path of their element, prefixes and repeated groups; nothing is fetched and nothing expanded."""

from __future__ import annotations

import re
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.readers.gate import Refused, ShapeMismatch
from tests.connectors.reading import read

CELLS = st.text(
    st.one_of(
        st.sampled_from("<>&\"'\r\n\t ;ä€😀]"),
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
    ),
    max_size=10,
)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "us-ascii"]),
    prefix=st.sampled_from(["", "wd:"]),
)
def test_a_table_reads_back_cell_for_cell(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], encoding: str, prefix: str
) -> None:
    def row(a: str, b: str, c: str) -> str:
        cells = f"<{prefix}name>{_text(b)}</{prefix}name><{prefix}note><![CDATA[{_cdata(c)}]]></{prefix}note>"
        return f"<{prefix}row {prefix}id={_attribute(a)}>{cells}</{prefix}row>"

    begin = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\n<{prefix}rows xmlns:wd="urn:x">'
    content = begin + "".join(row(*cells) for cells in rows) + f"</{prefix}rows>"
    _, landed, rejected = read(
        content.encode(encoding, "xmlcharrefreplace"),
        tmp_path_factory.mktemp("rows"),
        format="xml",
        root="rows.row",
        columns={"id": "@id"},
    )
    assert landed.select("id", "name").rows() == [(a, b) for a, b, _ in rows]
    assert rejected.is_empty()
    if encoding != "us-ascii":  # within CDATA a character reference is none
        # and a line end is one of XML's.
        assert landed["note"].to_list() == [re.sub("\r\n?", "\n", _cdata(c)) for _, _, c in rows]


def _text(cell: str) -> str:
    return escape(cell, {"\r": "&#13;"})


def _attribute(cell: str) -> str:
    return quoteattr(cell, {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})


def _cdata(cell: str) -> str:
    return cell.replace("]", ")")


WORKERS = """<?xml version="1.0"?>
<env:Envelope xmlns:env="e" xmlns:wd="urn:com.workday/bsvc"><env:Body><wd:Get_Workers_Response wd:version="v28.0">
  <wd:Response_Results><wd:Total_Results>2</wd:Total_Results><wd:Total_Pages>1</wd:Total_Pages><wd:Page>1</wd:Page></wd:Response_Results>
  <wd:Response_Data>
    <wd:Worker>
      <wd:Worker_Reference wd:Descriptor="Ann (On Leave)">
        <wd:ID wd:type="WID">3aa5550b</wd:ID><wd:ID wd:type="Employee_ID">21001</wd:ID>
      </wd:Worker_Reference>
      <wd:Skills><wd:Skill>SQL</wd:Skill><wd:Skill>Dutch</wd:Skill></wd:Skills>
      <wd:Job><wd:Title>Clerk</wd:Title></wd:Job><wd:Job><wd:Title>Chief</wd:Title></wd:Job>
      <wd:Salary>1</wd:Salary>
    </wd:Worker>
    <wd:Worker>
      <wd:Worker_Reference><wd:ID wd:type="Employee_ID">21002</wd:ID></wd:Worker_Reference>
      <wd:Skills/><wd:Job><wd:Title/></wd:Job>
    </wd:Worker>
  </wd:Response_Data>
</wd:Get_Workers_Response></env:Body></env:Envelope>
"""
COLUMNS = {
    "id": "Worker_Reference.ID[type=Employee_ID]",
    "name": "Worker_Reference@Descriptor",
    "titles": "Job.Title",
    "skills": "Skills.Skill",
}


def test_workers_of_a_soap_answer_are_rows(tmp_path: Path) -> None:
    reading, landed, _ = read(
        WORKERS.encode(),
        tmp_path,
        tuple(COLUMNS),
        format="xml",
        root="Get_Workers_Response.Response_Data.Worker",
        columns=COLUMNS,
        envelope={
            "total": "Response_Results.Total_Results",
            "page": "Response_Results.Page",
            "pages": "Response_Results.Total_Pages",
        },
    )
    assert landed.rows() == [
        (1, "21001", "Ann (On Leave)", "Clerk; Chief", '["SQL","Dutch"]'),
        (2, "21002", None, "", None),
    ]
    assert (reading.stated.total, reading.stated.page, reading.stated.pages) == (2, 1, 1)
    assert "Salary" in reading.unnamed


def test_a_report_without_rows_has_the_element_around_them(tmp_path: Path) -> None:
    content = b"<Report_Data><Other/></Report_Data>"
    assert read(content, tmp_path, format="xml", root="Report_Data.Report_Entry")[0].rows == 0
    with pytest.raises(ShapeMismatch, match=r"no element 'Report\.Entry'"):
        read(content, tmp_path, format="xml", root="Report.Entry")
    with pytest.raises(ShapeMismatch, match="no row has 'id'"):
        read(b"<r><e><name>x</name></e></r>", tmp_path, format="xml", root="r.e")


def test_nil_is_nothing_and_an_empty_element_is_an_empty_text(tmp_path: Path) -> None:
    content = b'<r xmlns:xsi="x"><e><id>1</id><name xsi:nil="true"/><note/></e></r>'
    _, landed, _ = read(content, tmp_path, format="xml", root="e")
    assert landed.row(0) == (1, "1", None, "")


def test_text_beside_elements_can_be_named(tmp_path: Path) -> None:
    content = b"<r><e><id>1</id><note>see <b>this</b></note></e></r>"
    reading, landed, _ = read(content, tmp_path, ("id", "note"), format="xml", root="e", columns={"note": "note.#text"})
    assert landed.row(0) == (1, "1", "see ")
    assert reading.unnamed == ("note.b",)


def test_a_row_beyond_measure_is_rejected_and_the_others_land(tmp_path: Path) -> None:
    content = b"<r><e><id>1</id></e>\n<e><id>2</id><note>" + b"x" * 5_000_000 + b"</note></e><e><id>3</id></e></r>"
    _, landed, rejected = read(content, tmp_path, ("id",), format="xml", root="e")
    assert landed["id"].to_list() == ["1", "3"]
    assert rejected.select("row", "line", "byte_start").row(0) == (2, 2, 21)


ROW = "<e><id>1</id></e>"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"<r>{ROW}", "not well-formed in line 1"),
        (f"<r>{ROW}\n<e><id>2</e></r>", "not well-formed in line 2: mismatched tag"),
        (f"<r>{ROW}</r><r/>", "not well-formed"),
        (f"<r>{ROW}&nbsp;</r>", "not well-formed"),
        (f'<!DOCTYPE r [<!ENTITY a "b">]><r>{ROW}&a;</r>', "document type"),
        (f'<!DOCTYPE r SYSTEM "file:///etc/passwd"><r>{ROW}</r>', "document type"),
        (f"<r>{'<a>' * 200}{'</a>' * 200}{ROW}</r>", "nested more than 100 deep"),
        (f'<r a="{"x" * 30_000_000}">{ROW}</r>', "a tag of more than"),
        (f'<?xml version="1.0" encoding="EBCDIC-CP-DE"?><r>{ROW}</r>', "declares the encoding ebcdic-cp-de"),
        (f"<r>{ROW}\0</r>", "not well-formed"),
        (b'<?xml version="1.0" encoding="utf-8"?><r><e><id>\xe4</id></e></r>', "not well-formed"),
        (b"<r><e><id>\xe4</id></e></r>", "not well-formed"),
    ],
)
def test_xml_that_cannot_be_trusted_is_refused(tmp_path: Path, content: str | bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read(content.encode() if isinstance(content, str) else content, tmp_path, ("id",), format="xml", root="e")


def test_the_declared_encoding_of_a_document_counts(tmp_path: Path) -> None:
    content = '<?xml version="1.0" encoding="ISO-8859-1"?><r><e><id>ä§</id></e></r>'.encode("iso-8859-1")
    assert read(content, tmp_path, ("id",), format="xml", root="e")[1]["id"].to_list() == ["ä§"]
