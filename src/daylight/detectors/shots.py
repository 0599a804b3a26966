"""Scene cuts: where one picture is followed by quite another.

Key pictures that do not resemble each other name the groups in which a cut may lie, if one packet
stands out there as a picture does that is not foretold by the one before it; only those are decoded
whole, and in them a cut is where the change from one picture to the next stands out from the
changes around it (cf. the adaptive content detectors of shot-boundary literature). Fades are not
told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Final

import numpy as np

from daylight.detectors.base import Blob, Finding, Material, Partial, Session, Span, Subject
from daylight.detectors.registry import Wants
from daylight.detectors.series import Series, joined, pack, unpack
from daylight.media.groups import lengths
from daylight.media.picture import GREY, Grey, InGroup, Picture

ALIKE: Final = 0.93  # resemblance of two key pictures from which no cut is looked for
UNLIKE: Final = 0.45  # resemblance below which a cut is looked for whatever the packets are like
STANDOUT: Final = 1.1  # of the largest packet between two key pictures that are somewhat alike
FAR_OUT: Final = (
    1.25  # of the same, where the key pictures are nearly alike: somebody turned and turned back
)
NEARLY: Final = 0.99
SHORT: Final = 0.9  # of the usual length: encoders begin a group at a cut
CUT: Final = 9  # 255ths of the picture's structure that a cut changes, at least
STANDS_OUT: Final = 2.5  # times the greatest change among the neighbours
FAINT: Final = 40  # 255ths of structure: somebody who moves suddenly changes less than that too
FAINT_OUT: Final = 2.65  # and such a step must stand out so much
REFRESHED: Final = 5.0  # the same, into or out of a key frame: encoders catch up there, or refine
NEIGHBOURS: Final = 4  # pictures before and after
LEAST: Final = 20  # quarters of a grey level; below it nothing that one sees has changed


class Shots:
    name = "shots"
    version = 2
    wants = Wants.KEY_FRAMES

    def start(self, subject: Subject, span: Span) -> Session:
        del span
        return _Cuts({} if subject.index is None else lengths(subject.facts, subject.index))

    def merge(self, subject: Subject, partials: Sequence[Partial]) -> Finding:
        del subject
        steps = unpacked(joined([unpack(p.data) for p in partials if p.data], 3))
        cuts = [cut for run in runs(steps) for cut in cuts_in(run)]
        unseen = sum(int(str(p.facts["unseen"])) for p in partials)
        facts = {"cuts": len(cuts), "groups_unseen": unseen}
        return Finding(facts, (Blob("cuts", "application/octet-stream", pack(_told(cuts))),))


class _Cuts:
    """Key pictures first; then the groups between those that differ, picture by picture."""

    def __init__(self, lengths: Mapping[int, Fraction]) -> None:
        self._lengths = lengths
        self._usual = median(lengths.values()) if lengths else Fraction(0)
        self._before: tuple[int, Grey] | None = None
        self._doubts: list[tuple[float, range]] = []
        self._ends: dict[int, Seen] = {}  # the key picture that comes after a group
        self._asked: frozenset[int] = frozenset()
        self._seen: set[int] = set()
        self._last: tuple[int, Seen] | None = None
        self._steps: list[Step] = []

    def push(self, material: Material, /) -> None:
        if isinstance(material, InGroup):
            self._whole(material)
        elif isinstance(material, Picture):
            self._sampled(material)

    def _sampled(self, picture: Picture) -> None:
        grey = reduced(picture.grey())
        if self._before is not None:
            number, before = self._before
            alike = resemblance(before, grey)
            if self._doubtful(alike, number, picture):
                between = range(number, max(picture.number, number + 1))
                self._doubts.append((alike, between))
                if picture.ordinal == 0:
                    self._ends[between[-1]] = Seen(picture)
        self._before = (picture.number, grey)

    def _doubtful(self, alike: float, number: int, picture: Picture) -> bool:
        if alike >= UNLIKE and picture.standout is not None:
            short = self._lengths.get(number, self._usual) < self._usual * SHORT
            if alike < NEARLY and picture.standout >= FAR_OUT:
                return True
            return alike < ALIKE and (picture.standout >= STANDOUT or short)
        return alike < ALIKE

    def groups(self) -> Sequence[int]:
        """Those between the pictures that resemble each other least come first."""
        found = [number for _, between in sorted(self._doubts, key=_first) for number in between]
        self._asked = frozenset(found)
        return found

    def _whole(self, picture: InGroup) -> None:
        self._seen.add(picture.number)
        now = Seen(picture)
        if self._last is not None:
            number, before = self._last
            if picture.number - number > 1:
                self._end_run()
            else:
                self._steps.append(Step.of(before, now))
        self._last = (picture.number, now)

    def _end_run(self) -> None:
        if self._last is not None:
            number, last = self._last
            if number in self._ends:
                self._steps.append(Step.of(last, self._ends[number]))
        self._last = None

    def finish(self) -> Partial:
        self._end_run()
        return Partial({"unseen": len(self._asked - self._seen)}, pack(packed(self._steps)))


class Seen:
    """A picture reduced, with its time in microseconds."""

    __slots__ = ("at", "grey", "is_key")

    def __init__(self, picture: Picture) -> None:
        self.at, self.grey = int(picture.seconds * 1_000_000), sampled(picture.luma())
        self.is_key = picture.ordinal == 0


@dataclass(frozen=True, slots=True)
class Step:
    """From one picture to the next: how far the grey levels and the structure change."""

    start: int
    end: int
    levels: int  # mean difference, in quarters of a grey level
    structure: int  # 255ths
    at_key: bool

    @classmethod
    def of(cls, one: Seen, other: Seen) -> "Step":
        levels = float(np.abs(other.grey.astype(np.int16) - one.grey).mean())
        change = 1 - resemblance(one.grey, other.grey)
        at_key = other.is_key != one.is_key
        return cls(
            one.at, other.at, min(255, round(levels * 4)), min(255, round(change * 255)), at_key
        )

    @property
    def sure(self) -> int:
        """Confidence in percent: how far beyond the least the change of structure goes."""
        return min(100, 50 + round(50 * (self.structure - CUT) / 128))


def packed(steps: Sequence[Step]) -> Series:
    table = np.array(
        [(one.start, one.end, one.levels, one.structure, one.at_key) for one in steps], np.int64
    ).reshape(-1, 5)
    return Series(table[:, 0], table[:, 1], table[:, 2:].astype(np.uint8))


def unpacked(series: Series) -> list[Step]:
    rows = zip(series.starts.tolist(), series.ends.tolist(), series.values.tolist(), strict=True)
    return [Step(start, end, row[0], row[1], bool(row[2])) for start, end, row in rows]


def runs(steps: Sequence[Step]) -> list[list[Step]]:
    """Steps in order of time, cut where one does not begin with the picture that the last led to."""
    found: list[list[Step]] = []
    for step in sorted(steps, key=lambda one: (one.start, one.end)):
        if found and found[-1][-1].end == step.start:
            found[-1].append(step)
        else:
            found.append([step])
    return found


def _told(cuts: Sequence[Step]) -> Series:
    """Each cut from the last picture before it to the first after it, with its confidence."""
    times = np.array([(cut.start, cut.end) for cut in cuts], np.int64).reshape(-1, 2)
    sure = np.array([cut.sure for cut in cuts], np.uint8).reshape(-1, 1)
    return Series(times[:, 0], times[:, 1], sure)


def cuts_in(run: Sequence[Step]) -> list[Step]:
    """Steps of pictures that follow one another, of those the cuts."""
    return [step for at, step in enumerate(run) if _is_cut(step, _around(run, at))]


def _around(run: Sequence[Step], at: int) -> Sequence[Step]:
    return [*run[max(0, at - NEIGHBOURS) : at], *run[at + 1 : at + 1 + NEIGHBOURS]]


def _is_cut(step: Step, around: Sequence[Step]) -> bool:
    if step.levels < LEAST or step.structure < CUT or step.end <= step.start:
        return False
    out = REFRESHED if step.at_key else FAINT_OUT if step.structure < FAINT else STANDS_OUT
    return step.levels >= out * max((other.levels for other in around), default=0)


def reduced(grey: Grey) -> Grey:
    """A quarter of the size each way, averaged."""
    height, width = grey.shape
    blocks = grey.reshape(height // 4, 4, width // 4, 4)
    small: Grey = blocks.mean(axis=(1, 3)).astype(np.uint8)
    return small


def sampled(luma: Grey) -> Grey:
    """As :func:`reduced`, of some pixels only: quicker where every picture is looked at."""
    width, height = GREY
    rows = np.arange(height) * luma.shape[0] // height
    columns = np.arange(width) * luma.shape[1] // width
    return reduced(luma[rows][:, columns])


def resemblance(one: Grey, other: Grey) -> float:
    """Correlation of two pictures' grey levels, in [-1, 1]; of two without structure, 1."""
    first, second = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((first**2).sum() * (second**2).sum()))
    flat = one.size * 4.0  # a standard deviation of two grey levels
    if norm < flat:
        return 1.0 if abs(float(one.mean()) - float(other.mean())) < LEAST / 4 else 0.0
    return float((first * second).sum()) / norm


def _first(doubt: tuple[float, range]) -> float:
    return doubt[0]
