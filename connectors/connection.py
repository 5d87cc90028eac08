"""A file system on another machine, `s3://` or `sftp://`, that is asked again over a new connection where one broke.

What is read or written there does not belong here (`connectors.remote`, `connectors.bucket`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import paramiko
import s3fs
from aiohttp import ClientError as HttpError
from botocore.exceptions import BotoCoreError, ClientError
from fsspec import AbstractFileSystem
from fsspec.implementations.sftp import SFTPFileSystem

from connectors.storage import Access, StorageError, redacted

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each further attempt: a restart of the other side is outlived, a wrong address is told in time."""
TIMEOUT = 30.0
"""Seconds of silence after which a connection counts as cut."""

BROKEN = (OSError, EOFError, paramiko.SSHException, HttpError, BotoCoreError, ClientError)
"""What a connection that is cut, or a server that has no time for us, ends in."""

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class KnownHosts(paramiko.MissingHostKeyPolicy):
    """Believes the hosts in a `known_hosts` file, and nobody else."""

    def __init__(self, path: Path) -> None:
        self._path = path.expanduser()

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002
        known = paramiko.HostKeys(str(self._path)) if self._path.exists() else paramiko.HostKeys()
        if not known.check(hostname, key):
            raise paramiko.AuthenticationException(
                f"its host key is not in {self._path}: compare it with what its operator says, then add it"
            )


class Connection:
    """The way to one place; opened when it is first asked."""

    def __init__(self, place: str, access: Access) -> None:
        self._place, self._access, self._url = place, access, urlsplit(place)
        self._filesystem: AbstractFileSystem | None = None

    def __str__(self) -> str:
        return redacted(self._place)

    @property
    def s3(self) -> bool:
        return self._url.scheme == "s3"

    @property
    def root(self) -> str:
        """The place as its file system names it."""
        path = unquote(self._url.path).rstrip("/")
        return f"{self._url.netloc}{path}" if self.s3 else path or "/"

    def patiently(self, doing: str, ask: Callable[[AbstractFileSystem], Result]) -> Result:
        """Ask, and ask again over a new connection where the old one broke.

        Raises:
            FileNotFoundError: as the other side said.
            StorageError: it let us not in, or was not to be reached in all attempts.
        """
        for wait in (*WAITS, None):
            try:
                return ask(self._connected())
            except FileNotFoundError:
                raise
            except (PermissionError, paramiko.AuthenticationException) as error:
                raise StorageError(self._said(doing, error, "check user, key and rights there")) from None
            except BROKEN as error:
                self.close()
                if wait is None:
                    raise StorageError(
                        self._said(doing, error, f"tried {len(WAITS) + 1} times; check address and network, run again")
                    ) from None
                log.warning("%s", self._said(doing, error, f"trying again in {wait:g} s"))
                time.sleep(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _said(self, doing: str, error: BaseException, remedy: str) -> str:
        reason = redacted(str(error) or type(error).__name__)
        for secret in (self._access.password, self._url.password and unquote(self._url.password)):
            reason = reason.replace(secret, "•••") if secret else reason
        return f"{self}: could not {doing}: {reason}; {remedy}"

    def _connected(self) -> AbstractFileSystem:
        if self._filesystem is None:
            if self.s3:
                timeouts = {"connect_timeout": TIMEOUT, "read_timeout": TIMEOUT, "retries": {"total_max_attempts": 1}}
                self._filesystem = s3fs.S3FileSystem(
                    config_kwargs=timeouts, use_listings_cache=False, skip_instance_cache=True
                )
                self._filesystem.retries = 1  # ours are the only ones
            else:
                self._filesystem = SFTPFileSystem(self._url.hostname, **self._ssh(), skip_instance_cache=True)
                self._filesystem.ftp.get_channel().settimeout(TIMEOUT)
        return self._filesystem

    def _ssh(self) -> dict[str, Any]:
        password = unquote(self._url.password) if self._url.password else self._access.password
        said = {
            "port": self._url.port or 22,
            "username": unquote(self._url.username) if self._url.username else None,
            "password": password,
            "key_filename": str(self._access.key.expanduser()) if self._access.key else None,
            "allow_agent": not (password or self._access.key),
            "look_for_keys": not (password or self._access.key),
            "host_key_policy": KnownHosts(self._access.known_hosts),
        }
        return said | dict.fromkeys(("timeout", "banner_timeout", "auth_timeout", "channel_timeout"), TIMEOUT)

    def close(self) -> None:
        if isinstance(self._filesystem, SFTPFileSystem):
            self._filesystem.client.close()
        self._filesystem = None
