"""Dagster's event log in SQLite, with one SQLAlchemy engine per file.

Dagster's own makes an engine for every event that it stores, which is a third of the time of a run over little data.
What events there are does not belong here, nor where the files lie (`orchestration.instance`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, NullPool, create_engine, event


class EventLog(SqliteEventLogStorage):
    """SqliteEventLogStorage of the dagster version that is locked; `_connect` is the one place where it connects."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> EventLog:
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard not in self._engines:
                self._engines[shard] = _engine(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(self._engines[shard])
                self._initialized_dbs.add(shard)
            with self._engines[shard].begin() as connection:
                yield connection


def _engine(url: str) -> Engine:
    """Beside a write-ahead log, which Dagster sets, NORMAL loses nothing but to a power cut, and then no more than the
    last events."""
    made = create_engine(url, poolclass=NullPool, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
    event.listen(made, "connect", lambda connection, _: connection.execute("pragma synchronous = normal"))
    return made
