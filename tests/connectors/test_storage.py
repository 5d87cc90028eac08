"""What lies in the exports folder: files, dated folders, ZIPs; and what is not let in."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from connectors.naming import date_of, matches, stem_of
from connectors.readers.archive import NotClosed, members
from connectors.readers.gate import Refused, inspect
from connectors.storage import Storage


def put(path: Path, content: bytes = b"id\n1\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def put_zip(path: Path, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def names(root: Path, source: str = "crm") -> list[str]:
    return [export.name for export in Storage(root).listing(source).exports]


def reasons(root: Path, source: str = "crm") -> dict[str, str]:
    return {problem.name: problem.reason for problem in Storage(root).listing(source).refused}


def content(root: Path, name: str) -> bytes:
    storage = Storage(root)
    export = next(export for export in storage.listing("crm").exports if export.name == name)
    with storage.open(export) as stream:
        return stream.read()


def test_sources_are_folders_named_after_their_system(tmp_path: Path) -> None:
    for name in ("crm", "crm@emea", "hr", "Not a source", ".git"):
        put(tmp_path / name / "x.csv")
    put(tmp_path / "loose.csv")
    assert Storage(tmp_path).sources() == ["crm", "crm@emea", "hr"]
    assert Storage(tmp_path / "nowhere").sources() == []


def test_files_are_found_in_dated_folders_and_zips(tmp_path: Path) -> None:
    put(tmp_path / "crm/2024-01-01/Account.csv")
    put(tmp_path / "crm/.Account.csv.swp")
    put_zip(
        tmp_path / "crm/WE_x.ZIP",
        {"Account.csv": b"id\n2\n", "deep/Contact.csv": b"id\n", "__MACOSX/._Account.csv": b"x"},
    )
    assert names(tmp_path) == ["2024-01-01/Account.csv", "WE_x.ZIP/Account.csv", "WE_x.ZIP/deep/Contact.csv"]
    assert content(tmp_path, "WE_x.ZIP/Account.csv") == b"id\n2\n"


def test_gzip_around_a_file_or_a_member_is_unpacked(tmp_path: Path) -> None:
    put(tmp_path / "crm/Account.csv.gz", gzip.compress(b"id\n1\n"))
    put_zip(tmp_path / "crm/a.zip", {"Contact.csv.gz": gzip.compress(b"id\n2\n")})
    assert content(tmp_path, "Account.csv.gz") == b"id\n1\n"
    assert content(tmp_path, "a.zip/Contact.csv.gz") == b"id\n2\n"


def test_zstandard_around_a_file_or_a_member_is_unpacked(tmp_path: Path) -> None:
    packed = pa.compress(b"id\n1\n", codec="zstd", asbytes=True)
    put(tmp_path / "crm/Account.csv.zst", packed)
    put_zip(tmp_path / "crm/a.zip", {"Contact.csv.zst": packed})
    assert content(tmp_path, "Account.csv.zst") == b"id\n1\n"
    assert content(tmp_path, "a.zip/Contact.csv.zst") == b"id\n1\n"
    put(tmp_path / "crm/Lead.csv.zst", packed[:-2])
    with pytest.raises(Refused, match="cut off or damaged"):
        content(tmp_path, "Lead.csv.zst")
    put(tmp_path / "crm/Case.csv.zst", pa.compress(bytes(40_000_000), codec="zstd", asbytes=True))
    with pytest.raises(Refused, match="expands"):
        content(tmp_path, "Case.csv.zst")


def test_a_name_in_another_encoding_can_still_be_written_down(tmp_path: Path) -> None:
    put(tmp_path / "crm/Account.csv")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/crm/Gesch\xe4ft.csv")).write_bytes(b"id\n")
    assert names(tmp_path) == ["Account.csv", "Gesch\ufffdft.csv"]


def test_links_out_of_the_exports_folder_are_not_followed(tmp_path: Path) -> None:
    secret = put(tmp_path / "secret/Account.csv")
    exports = tmp_path / "exports"
    put(exports / "crm/Contact.csv")
    (exports / "crm/Account.csv").symlink_to(secret)
    (exports / "crm/folder").symlink_to(secret.parent)
    (exports / "crm/inside.csv").symlink_to(exports / "crm/Contact.csv")
    (exports / "hr").symlink_to(secret.parent)
    os.mkfifo(exports / "crm/pipe.csv")
    assert names(exports) == ["Contact.csv", "inside.csv"]
    assert set(reasons(exports)) == {"Account.csv", "folder", "pipe.csv"}
    assert "link" in Storage(exports).listing("hr").refused[0].reason
    assert Storage(exports).listing("hr").exports == ()


def test_members_with_dangerous_names_are_refused_and_the_others_read(tmp_path: Path) -> None:
    path = put_zip(
        tmp_path / "crm/a.zip",
        {
            "../Account.csv": b"x",
            "/etc/Account.csv": b"x",
            "C:/Account.csv": b"x",
            "inner.zip": b"x",
            "Lead.csv": b"id\n1\n",
        },
    )
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning):
        archive.writestr("Contact.csv", b"id\n1\n")
        archive.writestr("Contact.csv", b"id\n2\n")
        link = zipfile.ZipInfo("Case.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, b"/etc/passwd")
    assert names(tmp_path) == ["a.zip/Lead.csv"]
    refused = reasons(tmp_path)
    assert "leads out" in refused["a.zip/../Account.csv"]
    assert "leads out" in refused["a.zip//etc/Account.csv"]
    assert "leads out" in refused["a.zip/C:/Account.csv"]
    assert "within a ZIP" in refused["a.zip/inner.zip"]
    assert "twice" in refused["a.zip/Contact.csv"]
    assert "link" in refused["a.zip/Case.csv"]


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = put_zip(tmp_path / "crm/a.zip", {"Account.csv": b"id\n1\n"})
    packed = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(mark) + at] |= 1
    path.write_bytes(packed)
    assert reasons(tmp_path) == {"a.zip/Account.csv": "it is encrypted"}


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    zeros = bytes(40_000_000)
    put_zip(tmp_path / "crm/a.zip", {"Account.csv": zeros})
    assert "expands" in reasons(tmp_path)["a.zip/Account.csv"]
    put(tmp_path / "crm/Contact.csv.gz", gzip.compress(zeros))
    with pytest.raises(Refused, match="expands"):
        content(tmp_path, "Contact.csv.gz")
    put_zip(tmp_path / "crm/b.zip", {"Contact.csv.gz": gzip.compress(zeros)})
    with pytest.raises(Refused, match="expands"):
        content(tmp_path, "b.zip/Contact.csv.gz")


def test_a_damaged_member_is_refused_by_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "crm/a.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Account.csv", b"id\n1\n2\n3\n")
    path.write_bytes(path.read_bytes().replace(b"id\n1\n", b"id\n7\n"))
    with pytest.raises(Refused, match="checksum"):
        content(tmp_path, "a.zip/Account.csv")


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-4], lambda b: b[: len(b) // 2], lambda b: b[:-8] + b"\0\0\0\0" + b[-4:]]
)
def test_a_damaged_gzip_is_refused(tmp_path: Path, damage: object) -> None:
    packed = gzip.compress(b"id\n" + os.urandom(5000))
    put(tmp_path / "crm/Account.csv.gz", damage(packed))  # type: ignore[operator]
    with pytest.raises(Refused, match="cut off or damaged"):
        content(tmp_path, "Account.csv.gz")


def test_a_zip_that_does_not_close_waits(tmp_path: Path) -> None:
    path = put_zip(tmp_path / "crm/a.zip", {"Account.csv": b"id\n" + b"1\n" * 100})
    path.write_bytes(path.read_bytes()[:-30])
    listing = Storage(tmp_path).listing("crm")
    assert (listing.exports, [waiting.name for waiting in listing.waiting]) == ((), ["a.zip"])
    put(tmp_path / "crm/b.zip", b"not a zip at all")
    assert "not a ZIP" in reasons(tmp_path)["b.zip"]
    with pytest.raises(NotClosed):
        members(put(tmp_path / "crm/c.zip", b""))


def test_facts_do_not_depend_on_where_blocks_end() -> None:
    data = ("ä€😀" * 1000).encode()

    class Drops(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(7, size or 7))

    assert inspect(Drops(data)) == inspect(io.BytesIO(data))
    assert inspect(io.BytesIO(data)).invalid == 0


@pytest.mark.parametrize(
    ("name", "stem", "date"),
    [
        ("Account.csv", "account", None),
        ("Account_2024-01-31.csv", "account", "2024-01-31"),
        ("2024_01_31-Account.CSV.gz", "account", "2024-01-31"),
        ("Account.csv.ZST", "account", None),
        ("Account.20240131.csv", "account", "2024-01-31"),
        ("20240131/WE_1.ZIP/Account.csv", "account", "2024-01-31"),
        ("2024-01-01/Account_2024-01-31_part1.csv", "account_part1", "2024-01-31"),
        ("Account_2024-02-31.csv", "account_2024-02-31", None),
        ("Account_120240131.csv", "account_120240131", None),
        ("Account_20240131120000.csv", "account_20240131120000", None),
        ("Account", "account", None),
    ],
)
def test_a_name_tells_stem_and_date(name: str, stem: str, date: str | None) -> None:
    found = date_of(name)
    assert (stem_of(name), found.isoformat() if found else None) == (stem, date)


def test_a_pattern_is_for_the_whole_stem_in_any_case() -> None:
    assert matches(stem_of("USER.csv"), ["User"])
    assert not matches(stem_of("UserRole.csv"), ["User"])
    assert matches(stem_of("Account_2.csv"), ["Account", "Account_[0-9]"])
