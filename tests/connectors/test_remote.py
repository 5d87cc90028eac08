"""Exports on another machine: brought over whole from a real S3 server and a real SSH server, also when cut off."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import os
import shutil
import socket
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
import pytest

from connectors import connection, remote
from connectors.landing import LandingReport, land
from connectors.ledger import deliveries
from connectors.spec import Connector
from connectors.storage import Access, Storage, StorageError, redacted, storage_at
from tests.connectors.elsewhere import Relay, a_bucket

MONDAY = dt.date(2026, 1, 5)
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
ROWS = b"id,name\n" + b"".join(b"%d,Person %d\n" % (n, n) for n in range(40_000))

CONNECTOR = Connector.model_validate(
    {
        "name": "crm",
        "kind": "crm",
        "owner": "sales",
        "rank": 10,
        "objects": {
            "Account": {
                "exports": [{"file": "Account", "format": "csv", "require": ["id"]}],
                "key": "id",
                "records": [{"kind": "person", "fields": {"family_name": {"from": "name"}}}],
            }
        },
    }
)


@dataclass
class Elsewhere:
    """A place on another machine, and how to lay files there."""

    place: str
    data: Path
    relay: Relay
    put: Callable[[str, bytes], None]
    access: Access = field(default_factory=Access)

    def storage(self) -> Storage:
        return storage_at(self.place, self.data, self.access)

    def land(self) -> LandingReport:
        with self.storage() as storage:
            return land(CONNECTOR, storage, self.data, MONDAY)

    @property
    def incoming(self) -> list[str]:
        return [path.name for path in (self.data / "incoming").rglob("*") if path.is_file() and path.suffix != ".json"]


@pytest.fixture
def s3(s3_server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    with a_bucket(s3_server, tmp_path, monkeypatch) as (bucket, client, relay):

        def put(name: str, content: bytes) -> None:
            client.put_object(Bucket=bucket, Key=f"exports/{name}", Body=content)

        yield Elsewhere(f"s3://{bucket}/exports", tmp_path / "data", relay, put)


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    if SSHD is None:
        pytest.skip("sshd is not installed: apt-get install openssh-server")
    home = tmp_path_factory.mktemp("sshd")
    for name in ("host", "user"):
        key = paramiko.ECDSAKey.generate()
        key.write_private_key_file(str(home / name))
        (home / f"{name}.pub").write_text(f"{key.get_name()} {key.get_base64()}\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (home / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {home}/host\nAuthorizedKeysFile {home}/user.pub\n"
        f"PidFile {home}/pid\nStrictModes no\nPasswordAuthentication no\nUsePAM no\nPermitRootLogin yes\n"
        "MaxStartups 100\nSubsystem sftp internal-sftp\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", home / "config"], stderr=(home / "log").open("wb"))
    for _ in range(100):
        if server.poll() is not None:
            pytest.skip(f"sshd does not start here: {(home / 'log').read_text()}")
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.05)
    yield port, home
    server.terminate()
    server.wait()


@pytest.fixture
def sftp(ssh_server: tuple[int, Path], tmp_path: Path) -> Iterator[Elsewhere]:
    port, home = ssh_server
    with Relay(port) as relay:
        known, past = tmp_path / "known_hosts", itertools.count(time.time() - 3600)
        known.write_text(f"[127.0.0.1]:{relay.address} {(home / 'host.pub').read_text()}")

        def put(name: str, content: bytes) -> None:
            path = tmp_path / "there" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            written_at = next(past)
            os.utime(path, (written_at, written_at))

        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        place = f"sftp://{user}@127.0.0.1:{relay.address}{tmp_path}/there"
        yield Elsewhere(place, tmp_path / "data", relay, put, Access(None, home / "user", known))


@pytest.fixture(params=["s3", "sftp"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    monkeypatch.setattr(connection, "WAITS", (0.01, 0.01))
    given: Elsewhere = request.getfixturevalue(request.param)
    return given


def test_exports_land_from_another_machine_as_from_a_folder(elsewhere: Elsewhere, tmp_path: Path) -> None:
    packed = tmp_path / "day.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Account.csv", b"id,name\n1,Ada\n")
    elsewhere.put("crm/2026-01-02/Account.csv", ROWS)
    elsewhere.put("crm@emea/all_2026-01-03.zip", packed.read_bytes())
    elsewhere.put("crm/.hidden.csv", b"id\n")
    assert elsewhere.storage().sources() == ["crm", "crm@emea"]
    report = elsewhere.land()
    assert [(line.source, line.rows, line.landed) for line in report.objects] == [
        ("crm", 40_000, 40_000),
        ("crm@emea", 1, 1),
    ]
    assert not report.refused
    here = tmp_path / "here/crm/2026-01-02"
    here.mkdir(parents=True)
    (here / "Account.csv").write_bytes(ROWS)
    land(CONNECTOR, Storage(tmp_path / "here"), tmp_path / "folder-data", MONDAY)
    assert deliveries(tmp_path / "folder-data")[0] == deliveries(elsewhere.data)[0]


def test_nothing_that_was_brought_over_stays(elsewhere: Elsewhere) -> None:
    elsewhere.put("crm/Account.csv", ROWS)
    elsewhere.land()
    assert elsewhere.incoming == []
    assert b"Person 17" not in b"".join(p.read_bytes() for p in (elsewhere.data / "incoming").rglob("*.json"))


def test_what_landed_is_not_brought_over_again(elsewhere: Elsewhere) -> None:
    elsewhere.put("crm/Account.csv", ROWS)
    elsewhere.land()
    before = elsewhere.relay.bytes
    report = elsewhere.land()
    assert elsewhere.relay.bytes - before < len(ROWS) / 4
    assert not report.objects[0].deliveries
    elsewhere.put("crm/Account.csv", ROWS.replace(b"Person 7\n", b"Person Q\n"))
    assert elsewhere.land().objects[0].deliveries


def test_a_cut_connection_is_taken_up_where_it_was(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "BLOCK", 64 * 1024)
    elsewhere.put("crm/Account.csv", ROWS)
    elsewhere.relay.cut_after = 500_000
    report = elsewhere.land()
    assert elsewhere.relay.cut_after is None, "the connection was cut"
    assert [line.landed for line in report.objects] == [40_000]
    assert elsewhere.relay.bytes < 1.5 * len(ROWS), "not from the beginning"


def test_a_run_that_was_stopped_is_gone_on_with_by_the_next(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "BLOCK", 64 * 1024)
    elsewhere.put("crm/Account.csv", ROWS)
    elsewhere.relay.cut_after, elsewhere.relay.stays_down = 500_000, True
    with pytest.raises(StorageError, match="could not read an export"):
        elsewhere.land()
    assert elsewhere.incoming, "the piece that came is kept"
    elsewhere.relay.down = False
    before = elsewhere.relay.bytes
    assert [line.landed for line in elsewhere.land().objects] == [40_000]
    assert elsewhere.relay.bytes - before < len(ROWS) * 0.7


def test_a_file_that_changes_while_it_is_read_waits(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere.put("crm/Account.csv", ROWS)
    read = remote._block

    def meanwhile(*asked: object) -> bytes:
        block = read(*asked)  # type: ignore[arg-type]
        elsewhere.put("crm/Account.csv", ROWS + b"another,row\n")
        return block

    monkeypatch.setattr(remote, "_block", meanwhile)
    report = elsewhere.land()
    assert [waiting.reason for waiting in report.waiting] == ["the file is still being written"]
    assert deliveries(elsewhere.data) == []
    monkeypatch.setattr(remote, "_block", read)
    assert [line.landed for line in elsewhere.land().objects] == [40_001]


@pytest.mark.parametrize("right", [True, False])
def test_a_checksum_beside_an_export_is_believed_over_the_export(elsewhere: Elsewhere, right: bool) -> None:
    said = hashlib.sha256(ROWS if right else b"something else").hexdigest()
    elsewhere.put("crm/Account.csv", ROWS)
    elsewhere.put("crm/Account.csv.sha256", f"{said}  Account.csv\n".encode())
    report = elsewhere.land()
    assert [refusal.reason[:11] for refusal in report.refused] == ([] if right else ["its SHA-256"])
    assert len(deliveries(elsewhere.data)) == right


def test_bytes_that_are_not_those_in_the_bucket_do_not_land(s3: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put("crm/Account.csv", ROWS)
    read = remote._block
    monkeypatch.setattr(remote, "_block", lambda *asked: read(*asked).replace(b"Person 7\n", b"Person 8\n"))
    report = s3.land()
    assert [refusal.reason for refusal in report.refused] == ["what was received is not what the bucket says it holds"]
    assert deliveries(s3.data) == []


def test_a_link_on_the_other_side_is_not_followed(sftp: Elsewhere, tmp_path: Path) -> None:
    sftp.put("crm/Other.csv", b"id,name\n1,Ada\n")
    (tmp_path / "there/crm/Account.csv").symlink_to("/etc/passwd")
    assert [refusal.reason for refusal in sftp.land().refused] == ["it is a link"]


def test_a_host_that_nobody_vouches_for_is_not_spoken_to(sftp: Elsewhere, tmp_path: Path) -> None:
    sftp.put("crm/Account.csv", ROWS)
    stranger = Access(None, sftp.access.key, tmp_path / "nobody")
    with pytest.raises(StorageError, match="host key is not in"):
        storage_at(sftp.place, sftp.data, stranger).sources()


def test_a_password_is_in_no_error(sftp: Elsewhere) -> None:
    place = sftp.place.replace("@", ":s3cr3t@")
    storage = storage_at(place, sftp.data, Access("s3cr3t", None, sftp.access.known_hosts))
    with pytest.raises(StorageError) as told:
        storage.sources()
    assert "s3cr3t" not in f"{told.value!r}{told.value.__cause__!r}{storage}{Access('s3cr3t')!r}"
    assert ":•••@" in str(told.value)


def test_a_place_that_cannot_be_reached_is_told_after_some_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "WAITS", (0.01, 0.01))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(StorageError, match="tried 3 times"):
        storage_at(f"sftp://user@127.0.0.1:{port}/exports", tmp_path, Access("word")).sources()


def test_a_scheme_nobody_speaks_is_named() -> None:
    with pytest.raises(StorageError, match=r"ftp://user:•••@host/exports: .* not ftp://"):
        storage_at("ftp://user:word@host/exports", Path("data"))
    assert redacted("see sftp://a:b@c/d and s3://e/f") == "see sftp://a:•••@c/d and s3://e/f"
