"""How a publication becomes the current one, by a run, by a rollback, or by the run after one that was killed.

Where publications lie and how they are read does not belong here (`connectors.publication`), nor how one is written
(`connectors.publishing`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.files import FOLDER_MODE, fsync, locked, private_folder, remove, sha256_of, written
from connectors.manifest import PublicationError
from connectors.publication import (
    DAMAGED,
    MODEL_FILES,
    STATE_FILES,
    Publication,
    base_number,
    examined,
    open_publication,
    published,
    state_number,
    version,
    versions,
)
from connectors.verification import problems_in, verify


@contextmanager
def publishing_lock(data: Path) -> Iterator[None]:
    """One process at a time changes `published/` and `state/`."""
    with locked(private_folder(published(data)) / ".lock"):
        yield


def switch(data: Path, number: int) -> None:
    """Make `number` the current publication, by one rename. The caller holds the lock."""
    folder = published(data)
    beside = folder / f".current-{os.getpid()}"
    beside.unlink(missing_ok=True)
    beside.symlink_to(version(number))
    os.replace(beside, folder / "current")  # noqa: PTH105
    fsync(folder)


def adopt_state(data: Path, publication: Publication) -> None:
    """Bring `state/` to what `publication` carries. Doing it twice, or after half of it, gives the same.

    What engineers add between publications (releases) is newer than any copy and is brought back only where it is gone.
    """
    carried = {path.name: path for path in (publication.path / "state").iterdir()}
    for name in sorted(carried, key=lambda name: (name == "format.json", name)):
        target = data / "state" / name
        if name in (*STATE_FILES, *MODEL_FILES) or not target.exists():
            with written(target) as beside:
                shutil.copyfile(carried[name], beside)


def recover(data: Path) -> list[str]:
    """Undo or finish what a killed process left; says in words what was done. For the start of every run.

    A publication that stands under its number passed its checks: if the state is older, its process died between
    placing and switching, and that is finished now. Once the state has followed, `current` is left where it is, for
    then an older one is current because someone rolled back.
    """
    with publishing_lock(data):
        return _recover(data)


def _recover(data: Path) -> list[str]:
    leftovers = _leftovers(data)
    for path in leftovers:
        remove(path)
    done = [f"removed {path.name}, left by a run that was stopped" for path in leftovers]
    whole, problems = examined(published(data))
    done += problems
    if not whole:
        return done
    newest, state, current = whole[-1], state_number(data), base_number(data)
    if current is None or (state is not None and state < newest.number and current != newest.number):
        switch(data, newest.number)
        done.append(f"made publication {newest.number} current, which a stopped run had finished but not switched to")
    if state is None or state < newest.number:
        adopt_state(data, newest)
        done.append(f"brought state/ to publication {newest.number}")
    elif state == newest.number and (names := _damaged_state(data, newest)):
        adopt_state(data, newest)
        done.append(f"brought {', '.join(names)} of state/ back from publication {newest.number}: damaged")
    return done


def _damaged_state(data: Path, newest: Publication) -> list[str]:
    """Files of the state that are not what the newest publication carries, where that carries them whole."""
    names = [name for name in STATE_FILES if name != "format.json"]
    said = {name: newest.manifest.files[f"state/{name}"].sha256 for name in names}
    other = [name for name in names if sha256_of(data / "state" / name) != said[name]]
    return other if all(sha256_of(newest.path / "state" / name) == said[name] for name in other) else []


def _leftovers(data: Path) -> list[Path]:
    """What only a process that still writes may have, and none does, for we hold the lock."""
    folders = (published(data), published(data) / "held")
    building = [path for folder in folders for path in folder.glob(".building-*")]
    links = [path for folder in folders for path in folder.glob("v*") if path.is_symlink()]
    halves = [path for name in (*STATE_FILES, *MODEL_FILES) for path in (data / "state").glob(f".{name}*")]
    removing = published(data).glob(".removing-*")
    there = versions(published(data))
    released = [path for number, path in versions(published(data) / "held").items() if number in there]
    return [*building, *removing, *released, *links, *published(data).glob(".current-*"), *halves]


def rollback(data: Path, number: int) -> Publication:
    """Make an older (or again a newer) publication current; the next one's base is then `number`. State stays.

    Newer ones that are damaged are set aside, for what is told of the past would go on from the newest.

    Raises:
        PublicationError: there is no such publication, or its files are not what its manifest says.
    """
    with publishing_lock(data):
        _recover(data)
        publication = open_publication(data, number)
        if problems := verify(data, number):
            raise PublicationError(f"publication {number} is damaged and stays out: " + "; ".join(problems))
        switch(data, number)
        for newer, path in versions(published(data)).items():
            if newer > number and problems_in(path):
                path.chmod(FOLDER_MODE)  # a folder that moves elsewhere is written to
                path.rename(private_folder(published(data) / DAMAGED) / path.name)
        return publication
