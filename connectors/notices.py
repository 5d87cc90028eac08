"""Notices to people: by e-mail or webhook, each cause once, not at every run that meets it again.

What is a cause does not belong here (`orchestration.notices`), nor the log, which hears everything.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import smtplib
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests

from connectors.files import as_json, locked, private_folder, written

WAITS = (1.0, 5.0)
"""Seconds before each further attempt: a mail server that greylists or restarts is not waited for longer than a run."""
TIMEOUT = 20.0
PORTS = {"smtp": 25, "smtps": 465}
LOOPBACK = ("localhost", "127.0.0.1", "::1")

log = logging.getLogger(__name__)


class NoticeError(ValueError):
    """A setting for notices that cannot be meant; names the setting, never its secret."""


@dataclass(frozen=True)
class Channels:
    """Where notices go: `mailto:` addresses and webhooks, separated by spaces, and the server that takes mail.

    Raises:
        NoticeError: a target that is neither, or mail without a server.
    """

    targets: str = field(default="", repr=False)
    """A webhook's address is a secret: who knows it may write to it."""
    smtp: str = ""
    """`smtp://user@host:587` or `smtps://host`."""
    smtp_password: str | None = field(default=None, repr=False)
    sender: str = "concord@localhost"

    def __post_init__(self) -> None:
        schemes = [urlsplit(target).scheme for target in self.targets.split()]
        if strange := set(schemes) - {"mailto", "http", "https"}:
            raise NoticeError(f"CONCORD_NOTIFY: expected mailto:… and https://…, got {', '.join(sorted(strange))!r}")
        if "mailto" in schemes and urlsplit(self.smtp).scheme not in PORTS:
            raise NoticeError("CONCORD_NOTIFY names a mail address: name the server in CONCORD_SMTP, smtp://host:587")


@dataclass(frozen=True)
class Notice:
    """What people are told of one run: its causes, as sentences."""

    subject: str
    causes: tuple[str, ...]
    run_id: str

    @property
    def text(self) -> str:
        return "\n".join((self.subject, "", *(f"- {cause}" for cause in self.causes), "", f"Run {self.run_id}"))


def tell(data: Path, channels: Channels, notice: Notice, *, settled: bool) -> int:
    """Send the causes that a channel has not been told; returns how many notices went out.

    `settled`: the run came to its end, so whatever is not among its causes is over, and is told anew if it returns. A
    channel that cannot be reached is told with the next run; nothing is raised for it.
    """
    sent = 0
    with _told(data) as told:
        for target in channels.targets.split():
            channel = _hash(target)
            before = set(told.get(channel, ()))
            now = {_cause(cause): cause for cause in notice.causes}
            new = tuple(sentence for cause, sentence in now.items() if cause not in before)
            kept = before & now.keys() if settled else before
            if new and _sent(target, channels, Notice(notice.subject, new, notice.run_id)):
                kept |= now.keys()
                sent += 1
            told[channel] = sorted(kept)
    return sent


def _sent(target: str, channels: Channels, notice: Notice) -> bool:
    kind = "e-mail" if target.startswith("mailto:") else "webhook"
    for wait in (*WAITS, None):
        try:
            if kind == "e-mail":
                _mail(unquote(urlsplit(target).path), channels, notice)
            else:
                _post(target, notice)
        except (OSError, smtplib.SMTPException) as error:
            # Only its kind: the words of an HTTP error quote the address.
            log.warning("A notice could not be sent by %s: %s", kind, type(error).__name__)
            if wait is not None:
                time.sleep(wait)
        else:
            return True
    return False


def _mail(address: str, channels: Channels, notice: Notice) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = notice.subject, channels.sender, address
    message.set_content(notice.text)
    url = urlsplit(channels.smtp)
    host, port = url.hostname or "localhost", url.port or PORTS[url.scheme]
    context = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
        if url.scheme == "smtps"
        else smtplib.SMTP(host, port, timeout=TIMEOUT)
    )
    with server:
        server.ehlo()
        safe = url.scheme == "smtps" or host in LOOPBACK
        if url.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
            safe = True
        if url.username and channels.smtp_password:
            if not safe:
                raise smtplib.SMTPException("the server offers no encryption, so it is not told the password")
            server.login(unquote(url.username), channels.smtp_password)
        server.send_message(message)


def _post(target: str, notice: Notice) -> None:
    said = {"text": notice.text, "subject": notice.subject, "causes": notice.causes, "run_id": notice.run_id}
    requests.post(target, json=said, timeout=TIMEOUT, allow_redirects=False).raise_for_status()


@contextmanager
def _told(data: Path) -> Iterator[dict[str, Sequence[str]]]:
    """What each channel has been told, by hashes; whoever else has something to tell waits."""
    folder = private_folder(data / "notices")
    path = folder / "told.json"
    with locked(folder / ".lock"):
        told = json.loads(path.read_bytes()) if path.exists() else {}
        before = dict(told)
        yield told
        if told != before:
            with written(path) as beside:
                beside.write_bytes(as_json(told))


def _cause(sentence: str) -> str:
    """The same for sentences that differ in numbers only: tonight's count of the same trouble is no news."""
    return _hash(re.sub(r"\d+", "#", sentence))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
