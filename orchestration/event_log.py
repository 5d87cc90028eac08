"""Dagster's event log in SQLite, with one open connection per file.

Dagster's own makes an engine for every event that it stores, a third of the time of a run over little data, and opens
the file several times for it, a sixth: SQLite tidies up a file with a write-ahead log whenever its last reader leaves.
What events there are does not belong here, nor where the files lie (`orchestration.instance`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

OPEN = 8
"""Files that stay open: the index, the run at work, and those that somebody looks at in the UI."""
PRAGMAS = "pragma synchronous = normal; pragma wal_autocheckpoint = 16384"
"""Beside a write-ahead log, which Dagster sets, `normal` loses nothing but to a power cut, and then no more than the
last events. The log is taken in every 64 MB instead of every 4, or when the last one leaves: that waits for the disk,
and so for what a run has just written, half a second at a time beside 4 GB of fresh tables."""


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
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _engine(self, shard: str) -> Engine:
        engine = self._engines.pop(shard, None) or _engine(self.conn_string_for_shard(shard))
        self._engines[shard] = engine  # the last one used stands last
        if len(self._engines) > OPEN:
            self._engines.pop(next(iter(self._engines))).dispose()
        return engine

    def dispose(self) -> None:
        super().dispose()
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()


def _engine(url: str) -> Engine:
    """Its one connection goes from thread to thread, for `_db_lock` lets only one of them in."""
    settings = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
    # `_initdb` holds a connection while it asks for the names of tables over a second one.
    made = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=1, connect_args=settings)
    event.listen(made, "connect", lambda connection, _: connection.executescript(PRAGMAS))
    return made
