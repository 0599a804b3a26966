"""Import against its bound and against the chain people use: rsync, bagit, validate, sync."""

import os
import random
import subprocess
import sys
from pathlib import Path

from tests.bench.common import DAYLIGHT, RUNS, alternate, peak_memory, say, scratch, shell

BARE = Path(__file__).with_name("bare_copy.py")
BARE_SMALL = Path(__file__).with_name("bare_small.py")


def fill(folder: Path, count: int, size: int) -> None:
    """``count`` files of ``size`` random bytes."""
    folder.mkdir()
    generator = random.Random(7)
    for number in range(count):
        with (folder / f"{number:06}.dat").open("wb") as file:
            left = size
            while left:
                piece = min(left, 16 << 20)
                file.write(generator.randbytes(piece))
                left -= piece
    os.sync()


class Contest:
    """Three ways to take the same folder in, each into a fresh place."""

    def __init__(self, work: Path, source: Path) -> None:
        self._work, self._source = work, source
        self._count = 0
        self._vaults = [self.make_vault() for _ in range(RUNS)]

    def fresh(self, name: str) -> Path:
        """Never a folder just deleted: the file system would still be clearing up after it."""
        self._count += 1
        return self._work / f"{self._source.name}-{name}-{self._count}"

    def make_vault(self) -> Path:
        vault = self.fresh("vault")
        shell(DAYLIGHT, "init", vault, "--plain-disk", "--no-passphrase", stderr=subprocess.DEVNULL)
        return vault

    def ours(self) -> None:
        shell(*self.command(self._vaults.pop()), stderr=subprocess.DEVNULL)

    def command(self, vault: Path) -> list[str | Path]:
        return [DAYLIGHT, "--vault", vault, "import", self._source, "--no-examine", "--json"]

    def bare(self) -> None:
        shell(sys.executable, BARE, self._source, self.fresh("bare"))

    def bare_small(self) -> None:
        shell(sys.executable, BARE_SMALL, self._source, self.fresh("bare"))

    def chain(self) -> None:
        bag = self.fresh("bag")
        shell("rsync", "-a", f"{self._source}/", f"{bag}/")
        bagit = Path(sys.executable).parent / "bagit.py"
        shell(sys.executable, bagit, "--processes", "2", "--sha256", bag, stderr=subprocess.DEVNULL)
        shell(
            sys.executable, bagit, "--processes", "2", "--validate", bag, stderr=subprocess.DEVNULL
        )
        shell("sync")


def main() -> None:
    large = int(os.environ.get("DAYLIGHT_BENCH_MB", "2000"))
    with scratch() as work:
        fill(work / "large", 20, large * 50_000)
        contest = Contest(work, work / "large")
        ours, bare, chain = alternate(contest.ours, contest.bare, contest.chain)
        say(f"import {large} MB in 20 files", ours, bare, "bare copy", ">= 0.8")
        say(f"import {large} MB in 20 files", ours, chain, "rsync + bagit", ">= 2.5")
        say("  the bound itself", bare, chain, "rsync + bagit", "none: what a disk allows")
        peak = peak_memory(contest.command(contest.make_vault()))
        print(f"import {large} MB: peak memory {peak / 1e6:.0f} MB (goal <= 250)")
        fill(work / "small", 20_000, 10_000)
        contest = Contest(work, work / "small")
        ours, bare, chain = alternate(contest.ours, contest.bare_small, contest.chain)
        say("import 20,000 files of 10 KB", ours, bare, "six bare processes", "none set")
        say("import 20,000 files of 10 KB", ours, chain, "rsync + bagit", ">= 3")


if __name__ == "__main__":
    main()
