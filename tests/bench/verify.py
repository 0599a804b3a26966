"""Verify against two bare processes of SHA-256, and against bagit's own validation, on warm files.

The bag holds hard links to the vault's objects, so that all read the same pages. DAYLIGHT_BENCH_VERIFY_MB
says how much there is (8000: less than memory, and enough that a program's start does not tell),
DAYLIGHT_BENCH_SMALL how many small files (20000).
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.common import DAYLIGHT, RUNS, say, scratch, shell
from tests.bench.intake import fill

BARE = Path(__file__).with_name("bare_sha256.py")
BAGIT = Path(sys.executable).with_name("bagit.py")
QUIET = {"stderr": subprocess.DEVNULL}


def vault(work: Path, source: Path) -> Path:
    made = work / f"{source.name}-vault"
    shell(DAYLIGHT, "init", made, "--plain-disk", "--no-passphrase", **QUIET)
    shell(DAYLIGHT, "--vault", made, "import", source, "--no-examine", "--no-verify", **QUIET)
    return made


def bag(work: Path, made: Path, *sums: str) -> Path:
    """A bag of the same files; bagit moves what is in the folder, links stay links.

    ``sums``: bagit's options for them; without any it makes those that it thinks right.
    """
    folder = work / f"{made.name}-bag{''.join(sums)}"
    shutil.copytree(made / "objects", folder, copy_function=os.link)
    shell(sys.executable, BAGIT, "--processes", "2", *sums, folder, **QUIET)
    return folder


def warm(*runs: Callable[[], None]) -> list[list[float]]:
    """Each in turn, again and again; the first round fills the cache and is not counted."""
    measured: list[list[float]] = [[] for _ in runs]
    for turn in range(RUNS + 1):
        for result, run in zip(measured, runs, strict=True):
            began = time.perf_counter()
            run()
            if turn:
                result.append(time.perf_counter() - began)
    return measured


def contest(work: Path, source: Path, what: str) -> None:
    made = vault(work, source)
    usual, sparing = bag(work, made), bag(work, made, "--sha256")
    shutil.rmtree(source)  # or the cache would hold everything twice
    bare, ours, theirs, least, medium = warm(
        lambda: shell(sys.executable, BARE, made / "objects"),
        lambda: shell(DAYLIGHT, "--vault", made, "verify", "--again", **QUIET),
        lambda: shell(sys.executable, BAGIT, "--processes", "2", "--validate", usual, **QUIET),
        lambda: shell(sys.executable, BAGIT, "--processes", "2", "--validate", sparing, **QUIET),
        lambda: shell(DAYLIGHT, "--vault", made, "verify", "--again", "--medium", **QUIET),
    )
    say(f"verify {what}", ours, bare, "two bare SHA-256 processes", ">= 0.85")
    say(f"verify {what}", ours, theirs, "bagit --validate --processes 2", ">= 1.2")
    say(f"  {what}", ours, least, "bagit of a bag with SHA-256 alone", "none: SHA-256 is the bound")
    say(f"  past the cache, {what}", medium, bare, "two bare SHA-256 processes", "none: the disk")


def main() -> None:
    large = int(os.environ.get("DAYLIGHT_BENCH_VERIFY_MB", "8000"))
    small = int(os.environ.get("DAYLIGHT_BENCH_SMALL", "20000"))
    with scratch() as work:
        fill(work / "large", 40, large * 25_000)
        contest(work, work / "large", f"{large} MB in 40 files")
        fill(work / "small", small, 10_000)
        contest(work, work / "small", f"{small} files of 10 KB")


if __name__ == "__main__":
    main()
