"""Dagster's parts as services of their own: which command each is, and where it listens. What they serve is the code
location (`orchestration.definitions`); units and containers that start them are in `deploy/`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path

MODULE = ("-m", "orchestration.definitions")
WEBSERVER = ("-m", "orchestration.webserver", "serve")
CODE_PORT = 4000


class Part(StrEnum):
    """What can be served."""

    WEBSERVER = "webserver"
    DAEMON = "daemon"
    CODE = "code"


def command(part: Part, host: str, port: int | None, code: str | None) -> list[str]:
    """The command of one part. `code`: host:port of a code location that is served; without it, a part loads its own.

    Raises:
        ValueError: `code` is no host and port.
    """
    place = MODULE if code is None else _at(code)
    match part:
        case Part.WEBSERVER:
            return [sys.executable, *WEBSERVER, *place, "-h", host, "-p", str(port or 3000)]
        case Part.DAEMON:
            return [_tool("dagster-daemon"), "run", *place]
        case Part.CODE:
            return [_tool("dagster"), "code-server", "start", *MODULE, "-h", host, "-p", str(port or CODE_PORT)]


def _at(code: str) -> tuple[str, ...]:
    host, _, port = code.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"--code is {code!r}; expected host:port of `concord serve code`, such as code:{CODE_PORT}")
    return "--grpc-host", host, "--grpc-port", port


def _tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)
