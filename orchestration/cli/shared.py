"""What the commands share: options, exit codes, and errors that end as one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from connectors.spec import ConnectorError
from connectors.yaml_file import nearest
from orchestration import console
from orchestration.remedies import with_remedy
from orchestration.settings import Settings

PUBLISHED, HELD, FAILED = 0, 1, 2
"""Exit codes of every command; 1 is only ever "held back" or "not found"."""

Data = Annotated[Path | None, typer.Option("--data", help="The data folder. [CONCORD_DATA, ./data]")]
Exports = Annotated[str | None, typer.Option("--exports", help="Where the exports lie. [CONCORD_EXPORTS, ./exports]")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of text for a person.")]


def settings_of(data: Path | None = None, exports: str | None = None) -> Settings:
    given = {name: value for name, value in (("data", data), ("exports", exports)) if value is not None}
    return Settings(**given)  # type: ignore[arg-type]  # pydantic validates


def data_folder(settings: Settings) -> Path:
    """The data folder of a command that only reads; a misspelt one is no empty one."""
    if not settings.data.is_dir():
        beside = settings.data.resolve().parent
        there = [path.name for path in beside.iterdir() if path.is_dir()] if beside.is_dir() else []
        near = difflib.get_close_matches(settings.data.name, there, n=1)
        hint = f"did you mean {beside / near[0]}?" if near else "`concord run` makes one, --data names another"
        raise FileNotFoundError(f"there is no data folder at {settings.data}; {hint}")
    return settings.data


def known_source(data: Path, source: str | None) -> None:
    """Raises where nothing ever came in from a source of this name; names the near one."""
    from connectors.listings import sources_seen  # noqa: PLC0415

    known = sources_seen(data)
    if source is not None and source not in known:
        raise ConnectorError(f"nothing came in from a source {source!r}{nearest(source, known) if known else ''}")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors that are part of our interface end as one sentence and exit code 2, never as a traceback."""
    from connectors.publication import PublicationError  # noqa: PLC0415 - duckdb and polars load slowly; --help need not
    from connectors.sample import SampleError  # noqa: PLC0415
    from connectors.seals import DamagedContent  # noqa: PLC0415
    from connectors.stewardship import StewardshipError  # noqa: PLC0415
    from connectors.storage import StorageError  # noqa: PLC0415
    from orchestration.instance import InstanceError  # noqa: PLC0415
    from orchestration.workspace import DataFolderBusy  # noqa: PLC0415
    from transforms.explain import UnknownRecord  # noqa: PLC0415
    from transforms.policy import PolicyError  # noqa: PLC0415

    try:
        yield
    except ValidationError as error:
        console.fail("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))
    except (
        ConnectorError,
        PolicyError,
        PublicationError,
        SampleError,
        StewardshipError,
        StorageError,
        UnknownRecord,
        DataFolderBusy,
        InstanceError,
        DamagedContent,
        OSError,
    ) as error:
        console.fail(with_remedy(str(error)))
    else:
        return
    raise typer.Exit(FAILED)
