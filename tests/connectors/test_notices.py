"""Notices: what people get by e-mail and webhook from real servers on loopback, how often, and what is never said."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from connectors import notices
from connectors.notices import Channels, Notice, NoticeError, tell

FULL = Notice("Concord: a run failed", ("the disk is full: 12 bytes are left",), "run-1")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "WAITS", (0.01,))


@dataclass
class Hook:
    """A webhook that keeps what it hears, and answers what it is told to."""

    address: str = ""
    answer: int = 200
    heard: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    kept = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if kept.answer == 200:
                kept.heard.append(body)
            self.send_response(kept.answer)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.address = f"http://127.0.0.1:{server.server_port}/hooks/s3cr3t"
    yield kept
    server.shutdown()
    server.server_close()


@dataclass
class Mailbox:
    server: str = ""
    mails: list[Message] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        self.mails.append(BytesParser().parsebytes(envelope.content))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()

    def login(_server: object, _session: object, _envelope: object, _way: str, said: LoginPassword) -> AuthResult:
        box.logins.append(said.login + b":" + said.password)
        return AuthResult(success=True)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, authenticator=login, auth_require_tls=False)
    controller.start()
    box.server = f"127.0.0.1:{port}"
    yield box
    controller.stop()


def test_a_webhook_is_told_what_happened(hook: Hook, tmp_path: Path) -> None:
    assert tell(tmp_path, Channels(hook.address), FULL, settled=False) == 1
    (heard,) = hook.heard
    assert (heard["subject"], heard["causes"], heard["run_id"]) == (FULL.subject, list(FULL.causes), "run-1")
    assert "the disk is full" in heard["text"]


def test_a_mail_is_sent_after_login(mailbox: Mailbox, tmp_path: Path) -> None:
    channels = Channels("mailto:ops@example.org", f"smtp://me@{mailbox.server}", "word", "concord@example.org")
    assert tell(tmp_path, channels, FULL, settled=False) == 1
    (mail,) = mailbox.mails
    assert (mail["To"], mail["From"], mail["Subject"]) == ("ops@example.org", "concord@example.org", FULL.subject)
    assert "the disk is full" in str(mail.get_payload())
    assert mailbox.logins == [b"me:word"]


def test_the_same_cause_is_told_once_whatever_its_numbers(hook: Hook, tmp_path: Path) -> None:
    for left in range(20):
        again = Notice(FULL.subject, (f"the disk is full: {left} bytes are left",), f"run-{left}")
        tell(tmp_path, Channels(hook.address), again, settled=False)
    assert len(hook.heard) == 1
    tell(tmp_path, Channels(hook.address), Notice("s", (*FULL.causes, "another cause"), "run-x"), settled=False)
    assert hook.heard[-1]["causes"] == ["another cause"]


def test_a_cause_that_was_over_is_told_again(hook: Hook, tmp_path: Path) -> None:
    channels = Channels(hook.address)
    tell(tmp_path, channels, FULL, settled=False)
    tell(tmp_path, channels, Notice("well", (), "run-2"), settled=True)
    tell(tmp_path, channels, FULL, settled=False)
    assert len(hook.heard) == 2


def test_a_channel_that_was_away_is_told_later_and_the_others_not_twice(
    hook: Hook, mailbox: Mailbox, tmp_path: Path
) -> None:
    channels = Channels(f"mailto:ops@example.org {hook.address}", f"smtp://{mailbox.server}")
    hook.answer = 503
    assert tell(tmp_path, channels, FULL, settled=False) == 1
    hook.answer = 200
    assert tell(tmp_path, channels, FULL, settled=False) == 1
    assert (len(mailbox.mails), len(hook.heard)) == (1, 1)


def test_a_webhooks_address_is_said_nowhere(hook: Hook, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    hook.answer = 500
    with caplog.at_level(logging.DEBUG, logger="connectors"):
        tell(tmp_path, Channels(hook.address), FULL, settled=False)
    assert "could not be sent by webhook" in caplog.text
    assert "s3cr3t" not in caplog.text + repr(Channels(hook.address, smtp_password="s3cr3t"))  # noqa: S106
    assert "s3cr3t" not in (tmp_path / "notices/told.json").read_text()


def test_a_password_is_not_told_to_a_server_without_encryption(
    mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "LOOPBACK", ())
    channels = Channels("mailto:ops@example.org", f"smtp://me@{mailbox.server}", "word")
    assert tell(tmp_path, channels, FULL, settled=False) == 0
    assert mailbox.logins == []


def test_settings_that_cannot_be_meant_are_told() -> None:
    with pytest.raises(NoticeError, match="CONCORD_SMTP"):
        Channels("mailto:ops@example.org")
    with pytest.raises(NoticeError, match="got 'ftp'"):
        Channels("ftp://somewhere")
