"""For what is spoken to on another machine: a bucket on a server on loopback, and a way to it that can be cut."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest


@dataclass
class Relay:
    """A way to a server that can be cut: once, after so many bytes of answers, and then it may stay down."""

    port: int
    cut_after: int | None = None
    stays_down: bool = False
    down: bool = False
    bytes: int = 0
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    def __enter__(self) -> Relay:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    @property
    def address(self) -> int:
        return int(self.listener.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.down:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(target=self._pass, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, True), daemon=True).start()

    def _pass(self, come: socket.socket, go: socket.socket, answers: bool) -> None:
        try:
            while data := come.recv(65536):
                if answers:
                    self.bytes += len(data)
                    if self.cut_after is not None and self.bytes > self.cut_after:
                        self.cut_after, self.down = None, self.stays_down
                        break
                go.sendall(data)
        except OSError:
            pass
        for end in (come, go):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


@contextmanager
def a_bucket(
    server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str | None = None
) -> Iterator[tuple[str, Any, Relay]]:
    """A new bucket, a client that talks to it straight, and the way that everybody else has to take."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "concord")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-told")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = name or f"b{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:20]}"
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{server}")
    client.create_bucket(Bucket=bucket)
    with Relay(server) as relay:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{relay.address}")
        yield bucket, client, relay
