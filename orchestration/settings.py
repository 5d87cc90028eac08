"""Every path, switch and secret of Concord, read once from the environment. What they are used for lives elsewhere."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from connectors.notices import Channels
from connectors.storage import Access, Storage, storage_at

if TYPE_CHECKING:
    from connectors.copies import Copy

UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
POSTGRES = re.compile(r"postgresql://([^\s/?#@:]+(:[^\s/?#@:]*)?@)?[^\s/?#@]*/[^\s@]+")
BESIDE_DUCKDB = 600
"""MB of CONCORD_MEMORY that DuckDB leaves to others. The promise is that all processes together hold no more than
CONCORD_MEMORY + 1 GB; beside DuckDB, at a million records, they hold up to 1.6 GB: Python, Polars, dbt, Dagster."""
PROJECT = Path(__file__).resolve().parent.parent


def available_memory() -> int:
    """Bytes that this machine, or the container around us, has."""
    limits = [psutil.virtual_memory().total]
    for path in map(Path, CGROUP_LIMITS):
        if path.exists() and (text := path.read_text().strip()).isdigit():
            limits.append(int(text))
    return min(limits)


class Settings(BaseSettings):
    """The settings of README's table, from `CONCORD_*` variables and `.env`; arguments win over both."""

    model_config = SettingsConfigDict(
        env_prefix="CONCORD_", env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    exports: str = "./exports"
    data: Path = Path("./data")
    connectors: str = Field(
        default="", description="Further folders of connectors, separated by the system's path separator."
    )
    policy: Path = Path("./policy")
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    memory: str = Field(default_factory=lambda: f"{available_memory() // 2 // 10**6}MB")
    keep_publications: int = Field(default=14, ge=3, description="The newest publications that retention leaves alone.")
    keep_days: int = Field(default=7, ge=1, description="Days for which a replaced publication stays.")
    publish_to: str = Field(default="", description="s3://bucket/prefix that publications are copied to.")
    delta: Path | None = Field(default=None, description="Folder that publications are kept in as Delta tables.")
    threads: int = Field(default_factory=lambda: len(os.sched_getaffinity(0)), ge=1)
    sftp_password: SecretStr | None = None
    sftp_key: Path | None = None
    sftp_known_hosts: Path = Path("~/.ssh/known_hosts")
    notify: SecretStr = SecretStr("")
    smtp: str = ""
    smtp_password: SecretStr | None = None
    smtp_from: str = "concord@localhost"
    postgres_url: SecretStr | None = Field(default=None, description="Where Dagster keeps its records of runs.")

    @field_validator("data", "policy", "delta")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().resolve() if value else None

    @field_validator("publish_to")
    @classmethod
    def _a_bucket(cls, value: str) -> str:
        if value and not re.fullmatch(r"s3://[^/]+(/.*)?", value):
            raise ValueError(f"CONCORD_PUBLISH_TO is {value!r}; expected s3://bucket/prefix")
        return value.rstrip("/")

    @field_validator("memory")
    @classmethod
    def _a_size(cls, value: str) -> str:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?I?B)?", value.strip().upper())
        if not found or (found[2] or "") not in UNITS:
            raise ValueError(f"CONCORD_MEMORY is {value!r}; expected a size such as 4GB or 512MiB")
        return f"{int(float(found[1]) * UNITS[found[2] or '']) // 10**6}MB"

    @field_validator("postgres_url")
    @classmethod
    def _a_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():  # a compose file passes on as empty what is not set
            return None
        if not POSTGRES.fullmatch(value.get_secret_value()):  # told here, for the driver would quote the password's end
            raise ValueError(
                "CONCORD_POSTGRES_URL is not of the form postgresql://user:password@host:5432/database; "
                "in a password write @ : / ? # % as %40 %3A %2F %3F %23 %25"
            )
        return value

    @property
    def engine_memory(self) -> str:
        """What DuckDB may use, as `1400MB`: the rest spills."""
        megabytes = int(self.memory.removesuffix("MB"))
        return f"{max(megabytes // 2, megabytes - BESIDE_DUCKDB)}MB"

    @property
    def storage(self) -> Storage:
        """Where the exports lie: each call gives one of its own."""
        password = self.sftp_password.get_secret_value() if self.sftp_password else None
        return storage_at(self.exports, self.data, Access(password, self.sftp_key, self.sftp_known_hosts))

    @property
    def copied(self) -> bool:
        """Whether publications are to be read elsewhere too."""
        return bool(self.publish_to or self.delta)

    @property
    def copies(self) -> tuple[Copy, ...]:
        """Where else publications are to be read."""
        from connectors.copies import copies_at  # noqa: PLC0415 - duckdb and polars load slowly; --help need not

        return copies_at(self.publish_to, self.delta)

    @model_validator(mode="after")
    def _can_notify(self) -> Self:
        self.channels  # noqa: B018 - a target that cannot be meant is told before a run, not after it failed
        return self

    @cached_property
    def channels(self) -> Channels:
        """Whom notices go to."""
        password = self.smtp_password.get_secret_value() if self.smtp_password else None
        return Channels(self.notify.get_secret_value(), self.smtp, password, self.smtp_from)

    @cached_property
    def connector_folders(self) -> tuple[Path, ...]:
        return tuple(Path(part).expanduser().resolve() for part in self.connectors.split(os.pathsep) if part)

    @cached_property
    def dagster_home(self) -> Path:
        return self.data / "dagster"

    @cached_property
    def warehouse(self) -> Path:
        return self.data / "warehouse.duckdb"

    @cached_property
    def decisions(self) -> Path:
        return self.policy / "decisions.csv"
