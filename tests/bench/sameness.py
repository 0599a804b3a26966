"""How many copies are found in synthetic archives, and how the search grows with the number of recordings.

``python -m tests.bench.sameness [ARCHIVE …]``: archives of the generator beside the project, each with its
truth file; without, a small one is made. DAYLIGHT_BENCH_RECORDINGS: the largest number of synthetic
fingerprints (100,000).
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from daylight.analyses.sameness import sought
from daylight.analyses.stretches import Recording
from daylight.media.canvas import BITS
from daylight.media.prints import Prints
from tests.bench.common import DAYLIGHT, scratch, shell
from tests.bench.copies_truth import read_truth, score
from tests.conftest import SHARED

MOST = int(os.environ.get("DAYLIGHT_BENCH_RECORDINGS", "100000"))
PICTURES = 15  # of a recording: half a minute
CAMERAS = 200
COPIED = 50  # one in so many recordings has a copy that was encoded again


def asked(vault: Path, verb: str) -> object:
    done = subprocess.run(
        [DAYLIGHT, "--vault", vault, verb, "--json"], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def bench_archive(work: Path, archive: Path) -> None:
    vault = work / archive.name
    quiet = {"stderr": subprocess.DEVNULL}
    shell(DAYLIGHT, "init", vault, "--plain-disk", "--no-passphrase", **quiet)
    shell(DAYLIGHT, "--vault", vault, "import", archive, "--no-ask", **quiet)
    found = score(read_truth(archive), asked(vault, "items"), asked(vault, "duplicates"))
    print(f"{archive.name} (goals: precision and recall 0.99, offsets within 0.5 s):")
    for line in found.lines():
        print(f"  {line}", flush=True)
    for pair in found.missed:
        print(f"  missed   {pair}")
    for pair in found.invented:
        print(f"  invented {pair}")


class Archive:
    """Fingerprints as cameras that do not move give them: a wall, a clock, at times somebody."""

    def __init__(self, seed: int = 1) -> None:
        self.draw = np.random.default_rng(seed)
        self.walls = self.draw.integers(40, 200, (CAMERAS, 24, 32)).astype(np.int16)
        self.views = self.draw.integers(0, 2, (CAMERAS, 4, BITS), np.uint8)

    def recording(self, number: int) -> Prints:
        camera, draw = number % CAMERAS, self.draw
        thumbs = np.repeat(self.walls[camera][None], PICTURES, axis=0)
        text = draw.integers(-25, 26, 10)  # date and time, of which the last two digits go on
        thumbs[:, 1, 2:12] += text
        thumbs[:, 1, 12:14] = 110 + draw.integers(-25, 26, (PICTURES, 2))
        if draw.random() < 0.5:
            for row, left in enumerate((draw.integers(0, 28) + np.arange(PICTURES)) % 28):
                thumbs[row, 10:20, left : left + 4] = 40 + draw.integers(0, 60)
        return self._prints(camera, thumbs, flips=6)

    def copy(self, of: Prints, number: int) -> Prints:
        """Encoded again: the same a little off, and not one digest."""
        thumbs = of.thumbs + self.draw.normal(0, 0.8, of.thumbs.shape)
        made = self._prints(number % CAMERAS, thumbs, flips=0)
        flipped = np.packbits(self.draw.random((PICTURES, 4, BITS)) < 0.03, axis=2)
        return Prints(
            made.duration_us, 640, 480, made.times, made.digests * 0, made.boxes,
            of.hashes ^ flipped, made.thumbs,
        )  # fmt: skip

    def _prints(self, camera: int, thumbs, flips: int) -> Prints:
        bits = np.repeat(self.views[camera][None], PICTURES, axis=0)
        bits ^= self.draw.random(bits.shape) < flips / BITS
        return Prints(
            PICTURES * 2_000_000,
            704,
            576,
            np.arange(PICTURES) * 2_000_000,
            self.draw.integers(0, 256, (PICTURES, 16), np.uint8),
            np.tile(np.array([0, 0, 10_000, 10_000], np.uint16), (PICTURES, 1)),
            np.packbits(bits, axis=2),
            np.clip(thumbs, 0, 255).astype(np.uint8),
        )


def bench_growth() -> None:
    """Coded join and candidates; what would be compared is counted, not done."""
    before = None
    for count in (c for c in (3_000, 10_000, 30_000, 100_000) if c <= MOST):
        archive = Archive()
        made = [archive.recording(n) for n in range(count)]
        copies = {count + n: at for n, at in enumerate(range(0, count, COPIED))}
        made += [archive.copy(made[at], at) for at in copies.values()]
        recordings = [Recording(str(n).encode(), one) for n, one in enumerate(made)]
        began = time.perf_counter()
        what = sought(recordings)
        took = time.perf_counter() - began
        best: dict[int, tuple[float, int]] = {}
        for one in what.candidates:
            for here, there in ((one.a, one.b), (one.b, one.a)):
                best[here] = max(best.get(here, (0.0, -1)), (one.weight, there))
        found = sum(best.get(copy, (0, -1))[1] == at for copy, at in copies.items())
        power = (
            ""
            if before is None
            else f", grows as n^{np.log(took / before[1]) / np.log(count / before[0]):.2f}"
        )
        print(
            f"{len(made):,} recordings, {len(made) * PICTURES:,} pictures of {CAMERAS} cameras: "
            f"{took:.1f} s, {len(what.candidates):,} candidates; of {len(copies):,} copies "
            f"{found / len(copies):.4f} have their original first{power}",
            flush=True,
        )
        before = count, took


def main(archives: list[str] | None = None) -> None:
    with scratch() as work:
        if not archives:
            made = work / "archive"
            shell(
                sys.executable,
                SHARED / "make_archive.py",
                made,
                "--gb",
                "0.05",
                "--seconds",
                "12",
                "20",
            )
            archives = [str(made)]
        for archive in archives:
            bench_archive(work, Path(archive))
    bench_growth()


if __name__ == "__main__":
    main(sys.argv[1:])
