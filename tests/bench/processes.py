"""What a process and all that it started use: processor time so far, and memory while somebody looks."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def family() -> dict[int, list[str]]:
    """This process and its descendants, each with its fields of ``stat`` from the state on."""
    fields = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            text = _read(entry / "stat")
            if text:
                fields[int(entry.name)] = text.rpartition(")")[2].split()
    chosen = {os.getpid()}
    while more := {n for n, one in fields.items() if int(one[1]) in chosen} - chosen:
        chosen |= more
    return {number: fields[number] for number in chosen if number in fields}


def processor_seconds() -> float:
    """Those that have ended and were waited for count with their parents."""
    return sum(sum(int(one) for one in fields[11:15]) for fields in family().values()) / _TICK


def memory_mb() -> float:
    """Proportional set sizes: what processes share is counted once."""
    total = 0
    for number in family():
        for line in _read(_PROC / str(number) / "smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""


@contextmanager
def most_memory() -> Iterator[list[float]]:
    """The list's only number is the largest sum that was seen, in MB."""
    most, stop = [memory_mb()], threading.Event()

    def watch() -> None:
        while not stop.wait(0.1):
            most[0] = max(most[0], memory_mb())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        stop.set()
        thread.join()
