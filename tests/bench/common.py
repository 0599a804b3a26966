"""What the benches share: a scratch folder, medians, one line a figure."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

DAYLIGHT = str(Path(sys.executable).parent / "daylight")
RUNS = int(os.environ.get("DAYLIGHT_BENCH_RUNS", "3"))


@contextmanager
def scratch() -> Iterator[Path]:
    """On the disk of the working folder, not in memory."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=os.environ.get("DAYLIGHT_BENCH_DIR")))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def settle_disk() -> None:
    """Nothing that an earlier run left to be written may be charged to the next."""
    os.sync()
    if os.geteuid() == 0:
        Path("/proc/sys/vm/drop_caches").write_text("3")


def timed(run: Callable[[], None]) -> float:
    settle_disk()
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def alternate(*runs: Callable[[], None], times: int = RUNS) -> list[list[float]]:
    """Each run in turn, again and again, so that a drifting machine hits all alike."""
    measured: list[list[float]] = [[] for _ in runs]
    for _ in range(times):
        for result, run in zip(measured, runs, strict=True):
            result.append(timed(run))
    return measured


def say(name: str, ours: Sequence[float], other: Sequence[float], versus: str, goal: str) -> None:
    """The ratio is how many times as fast as the other we are, pair by pair, its median."""
    ratio = statistics.median(o / u for u, o in zip(ours, other, strict=True))
    print(
        f"{name}: {statistics.median(ours):.2f} s, {versus} {statistics.median(other):.2f} s: "
        f"{ratio:.2f} x as fast (goal {goal})",
        flush=True,
    )


def shell(*command: str | Path, **options: object) -> None:
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, **options)  # type: ignore[call-overload]


def peak_memory(command: Sequence[str | Path]) -> int:
    """Peak resident bytes of the largest process of a finished command."""
    code = (
        "import resource,subprocess,sys;"
        "subprocess.run(sys.argv[1:],check=True,stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, *map(str, command)], check=True, capture_output=True, text=True
    )
    return int(out.stdout) * 1024
