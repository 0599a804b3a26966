"""How many pictures' clocks are read exactly, how many wrongly without a word, and how fast.

    python -m tests.bench.clocks ARCHIVE...                      # of make_archive.py, with its truth beside it
    python -m tests.bench.clocks --fonts FOLDER [--films 200]    # drawn in fonts it was not trained on

A picture counts as *exact* where the second is right and the reading is sure (0.8), as *wrong* where it is
sure and not right; the rest was flagged or not read. Times are processor time of this process.
"""

import argparse
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np

from daylight.analyses.clock_orders import settled
from daylight.analyses.clocks import BELIEVED, Reader, Reading
from daylight.detectors.base import Span, Subject
from daylight.detectors.overlay import Overlay
from daylight.media.overlay_blob import Strip, unpack
from daylight.media.pictures import Tally, key_pictures
from daylight.media.probe import probe
from tests.analyses.clock_films import START, Look, crops, film
from tests.bench.shown import Shown, is_stream_copy, key_digests

LAYOUTS = (
    "%d.%m.%Y %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m-%d-%Y %I:%M:%S %p",
    "%Y/%m/%d %H:%M:%S",
    "%d-%m-%Y %a %H:%M:%S",
    "%H:%M:%S %d.%m.%Y",
    "%d.%m.%y %H:%M:%S",
    "%H:%M:%S",
    "%Y.%m.%d  %H:%M:%S",
    "%A %d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
)

MOST = 120  # key frames of a file that are read


@dataclass
class Score:
    seen: int = 0
    exact: int = 0
    wrong: int = 0
    reading: float = 0.0
    missed: list[str] = field(default_factory=list)

    def add(
        self, name: str, reading: Reading, truth: Callable[[float], float], pictures: int
    ) -> None:
        sure = np.zeros(len(reading.times), bool)
        for one in reading.clock.pieces:
            inside = (reading.times >= one.media_us) & (
                reading.times <= one.media_us + one.length_us
            )
            sure |= inside & (one.confidence >= BELIEVED)
        exact = wrong = 0
        for at, shown, believed in zip(reading.times, reading.shown, sure, strict=True):
            wanted = truth(at / 1e6)
            right = shown in (int(wanted - 0.0015), int(wanted + 0.0015))
            exact += bool(right and believed)
            wrong += bool(not right and believed and shown >= 0)
        self.seen, self.exact, self.wrong = (
            self.seen + pictures,
            self.exact + exact,
            self.wrong + wrong,
        )
        if exact < pictures:
            said = f"{reading.clock.ticking} {reading.clock.layout!r} {reading.clock.confidence}"
            self.missed.append(f"{name}: {exact}/{pictures} exact, {wrong} wrong ({said})")

    def tell(self, title: str) -> None:
        for one in self.missed:
            print("   ", one)
        rate = 1e3 * self.reading / max(1, self.seen)
        print(
            f"{title}: {self.seen} pictures, exact {self.exact / max(1, self.seen):.4f}, "
            f"wrong and not flagged {self.wrong / max(1, self.seen):.4f}, {rate:.2f} ms a picture"
        )


def timed(reader: Reader, strips: tuple[Strip, ...], score: Score) -> Reading:
    start = time.process_time()
    reading = reader.read(strips)
    score.reading += time.process_time() - start
    return reading


def when(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class Truth:
    """What the clock of each file of an archive shows, by media time in seconds.

    Recordings are to be asked for before the copies that were made of them.
    """

    def __init__(self, root: Path, files: dict) -> None:
        self._root, self._files, self._shown = root, files, Shown()

    def of(self, path: str, keys: Sequence[float]) -> Callable[[float], float]:
        """``keys``: the media times of its key frames, or of the first of them, in seconds."""
        made = self._files[path]
        if is_stream_copy(made):
            seen = key_digests(self._root / path, len(keys))
            told = self._shown.told(made["camera"], seen)
            return _nearest(dict(zip(keys, told, strict=True)))
        if made["kind"] == "copy":
            return self._again(made)
        start = when(made["burnt_start"])
        seen = key_digests(self._root / path, len(keys))
        self._shown.learn(made["camera"], seen, [start + at for at in keys])
        return lambda at: start + at

    def _again(self, made: dict) -> Callable[[float], float]:
        """Of one that was encoded again, picture by picture."""
        source = self._files[made["original"]]
        start = when(source["burnt_start"])
        raw = source["container"] == "h264"  # states no rate: the copy was made at 25 a second
        pace = 25 / source["fps"] if raw else 1
        return lambda at: start + at * pace


def _nearest(told: dict[float, float]) -> Callable[[float], float]:
    def at_key(at: float) -> float:
        near = min(told, key=lambda one: abs(one - at))
        if abs(near - at) > 0.001:
            raise ValueError("that is no key frame")
        return told[near]

    return at_key


@dataclass(frozen=True)
class Examined:
    """``keys``: media times of all its key frames. ``spent``: seconds that the detector took."""

    strips: tuple[Strip, ...] = ()
    pictures: int = 0
    spent: float = 0.0
    keys: tuple[float, ...] = ()


def examined(path: Path, most: int) -> Examined:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        made = probe(descriptor)
        if made.index is None:
            return Examined()
        detector, spent, count = Overlay(), 0.0, 0
        reach = (0, min(most, len(made.index)))
        subject = Subject(made.facts, made.index)
        session = detector.start(subject, Span(*reach))
        for one in key_pictures(descriptor, made.facts, made.index, reach, Tally()):
            count += one.number < reach[1]
            start = time.process_time()
            session.push(one)
            spent += time.process_time() - start
        start = time.process_time()
        finding = detector.merge(subject, [session.finish()])
        spent += time.process_time() - start
    finally:
        os.close(descriptor)
    keys = tuple(float(made.index.seconds(number)) for number in range(len(made.index)))
    strips = unpack(finding.blobs[0].data) if finding.blobs else ()
    return Examined(strips, count, spent, keys)


def archive(root: Path) -> None:
    files = json.loads(Path(f"{root}.truth.json").read_text())["files"]
    reader, score, cut, bytes_kept = Reader(), Score(), 0.0, 0
    clocks, cameras, cuttings = {}, {}, []
    truth = Truth(root, files)
    kinds = ("recording", "export", "copy")
    wanted = [path for path, made in files.items() if made["kind"] in kinds]
    for path in sorted(wanted, key=lambda one: kinds.index(files[one]["kind"])):
        made, seen = files[path], examined(root / path, MOST)
        cut += seen.spent
        cuttings.append(seen.strips)
        reading = timed(reader, seen.strips, score)
        keys = seen.keys if made["kind"] == "recording" else seen.keys[:MOST]
        score.add(path, reading, truth.of(path, keys), seen.pictures)
        cameras.setdefault(made["camera"], []).append(path)
        clocks[path] = reading.clock
        bytes_kept += sum(one.pixels.size for one in seen.strips if not one.still)
    score.tell(str(root))
    known = Score(score.seen)
    for strips in cuttings:
        timed(reader, strips, known)
    print(f"    of cameras that are known: {1e3 * known.reading / score.seen:.2f} ms a picture")
    ambiguous = sum(bool(one.others) for one in clocks.values())
    told = sum(
        len(settled(dict(enumerate(clocks[p] for p in paths)))) for paths in cameras.values()
    )
    print(
        f"    finding and cutting {1e3 * cut / score.seen:.2f} ms a picture; {bytes_kept / score.seen:.0f} pixels kept a picture"
    )
    print(
        f"    day and month open in {ambiguous} of {len(clocks)} recordings, {told} of them told by the camera"
    )


def drawn(fonts: list[Path], films: int, seed: int) -> Iterator[tuple[str, Look, bytes, datetime]]:
    r = random.Random(seed)
    for _ in range(films):
        height = r.choice((13, 16, 20, 26, 34))
        size = r.choice(((480, 270), (640, 360), (704, 576))) if height < 34 else (960, 540)
        scale = Fraction(1, 2) if height >= 26 and r.random() < 0.5 else Fraction(1)
        look = Look(
            layout=r.choice(LAYOUTS),
            label=r.choice(("", "CAM 07 GATE", "YARD 2")),
            font=r.choice(fonts),
            height=height,
            style=r.choice(("halo", "halo", "box", "shadow")),
            ink=r.choice((235, 255, 210)),
            place=r.choice(("tl", "tr", "bl", "br", (60, 120))),
            size=size,
        )
        start = START + timedelta(days=r.randrange(2000), seconds=r.randrange(86_400))
        crf = r.choice((23, 30))
        data = film(
            look,
            20,
            clock=lambda at, s=start: s + timedelta(seconds=float(at)),
            crf=crf,
            scale=scale,
            seed=r.randrange(100),
        )
        name = f"{look.font.name} {height} {look.layout!r} {look.style} {look.place} crf {crf} x{scale}"
        yield name, look, data, start


def unseen(folder: Path, films: int, seed: int) -> None:
    fonts = sorted(
        p for p in folder.rglob("*.ttf") if not any(s in p.name for s in ("Italic", "Oblique"))
    )
    score = Score()
    for name, look, data, start in drawn(fonts, films, seed):
        reading = timed(Reader(), crops(data), score)
        zero = start.timestamp() if "%d" in look.layout else start.timestamp() % 86_400
        if reading.clock.others and look.layout in reading.clock.others:
            score.seen += 10
            score.exact += 10  # said to be open, and this is one of them
            continue
        score.add(name, reading, lambda at, z=zero: z + at, 10)
    score.tell(f"{len(fonts)} fonts, {films} films")


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("archives", type=Path, nargs="*")
    p.add_argument("--fonts", type=Path)
    p.add_argument("--films", type=int, default=200)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    for root in a.archives:
        archive(root)
    if a.fonts:
        unseen(a.fonts, a.films, a.seed)
