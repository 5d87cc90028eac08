"""The memory of a process tree, looked at while it runs. What is run does not belong here."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

INTERVAL = 0.1
"""Seconds between two looks."""


@dataclass(frozen=True)
class Look:
    at: float
    """Seconds since the epoch."""
    bytes: int


class MemoryWatch(threading.Thread):
    """Looks at the resident memory of a process and all its children until stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self._stop_asked = threading.Event()
        self.looks: list[Look] = []

    def run(self) -> None:
        while not self._stop_asked.wait(INTERVAL):
            try:
                tree = [self._root, *self._root.children(recursive=True)]
                self.looks.append(Look(time.time(), sum(_resident(process) for process in tree)))
            except psutil.NoSuchProcess:
                return

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()

    def peak(self, start: float = 0.0, end: float = float("inf")) -> int:
        return max((look.bytes for look in self.looks if start <= look.at <= end), default=0)


@dataclass(frozen=True)
class Watched:
    """A process that has ended well."""

    out: str
    """What it printed."""
    seconds: float
    """From start to end, with imports."""
    cpu: float
    """Seconds of processor time that it took, with its children."""
    watch: MemoryWatch


class ProcessFailed(RuntimeError):
    """The process ended with another code than 0; the message has the code and its last words."""


def watched(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Watched:
    """Run `command` with `env` beside our own environment, watching its memory.

    Raises:
        ProcessFailed: it ended with another code than 0.
    """
    started, spent = time.perf_counter(), _children_cpu()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | dict(env or {})
    )
    watch = MemoryWatch(process.pid)
    watch.start()
    out, error = process.communicate()
    watch.stop()
    if process.returncode:
        raise ProcessFailed(f"{' '.join(map(str, command))} ended with {process.returncode}: {(error or out)[-2000:]}")
    return Watched(out, time.perf_counter() - started, _children_cpu() - spent, watch)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0
