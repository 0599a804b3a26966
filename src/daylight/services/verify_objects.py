"""Objects against the catalogue, then against their own names, on every core.

First what lies in the store is held against what the catalogue names, by name and size, which
opens nothing. What is there is then hashed by a crew of forked children (services/crew.py): the
large ones first, so that the end waits for none of them, then lots in the order of the digest. Of the
large ones a job takes a part of what is left: many at first, since a fork costs some milliseconds of
two processes, and one at the end, so that all cores end together.
"""

import os
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from daylight.catalogue.queries.expected import Expected, expected, is_expected
from daylight.catalogue.snapshot import snapshot
from daylight.domain.digest import Digest, parse_digest
from daylight.domain.fault import Fault
from daylight.domain.progress import Progress
from daylight.services.crew import Crew
from daylight.services.verify_journal import Journal
from daylight.services.worklist import LARGE, Worklist
from daylight.services.workspace import Workspace
from daylight.storage.rehash import MISSING, rehash, size_fault
from daylight.storage.survey import Held, held, is_held, is_idle

LOT_BYTES = 256 << 20  # some tenths of a second: a fork costs a hundredth of it
LOT_OBJECTS = 4096
LARGE_LOT_BYTES = 1 << 30  # what a run that is cut short hashes again, at most, of a core's work
_PARTS = 4  # of what is left, that a core takes one of
MOST_TOLD = 100_000  # faults that are kept to be told; the others are counted
SETTLING = 600.0  # seconds in which an object may wait for its row while somebody imports
EXTRA, MODE = "object-extra", "object-writable"
_Pair = tuple[Expected | None, Held | None]


@dataclass(slots=True)
class Faults:
    """The first ones, and how many there are in all."""

    told: list[Fault] = field(default_factory=list)
    count: int = 0

    def take(self, faults: Iterable[Fault]) -> None:
        for one in faults:
            self.count += 1
            if len(self.told) < MOST_TOLD:
                self.told.append(one)


@dataclass(slots=True)
class Tally:
    """What was hashed; ``taken_over``: objects that an earlier run, cut short, had done."""

    objects: int = 0
    bytes: int = 0
    taken_over: int = 0


@dataclass(frozen=True, slots=True)
class _Lot:
    number: int  # of lots of small objects, from 0; -1 for a large object
    objects: tuple[tuple[Digest, int], ...]

    @property
    def bytes(self) -> int:
        return sum(max(size, 0) for _, size in self.objects)


def survey(ws: Workspace, work: Worklist) -> Iterator[Fault]:
    """Hold the store against the catalogue; what is where it should be goes into ``work``."""
    began = time.time()
    missing: list[Digest] = []
    young: list[Digest] = []  # objects that may be waiting for their rows
    with snapshot():
        for pair in _pairs(expected(), held(ws.layout)):
            if isinstance(pair, Fault):
                yield pair
                continue
            want, have = pair
            if want is None and have is not None:
                if have.changed < began - SETTLING:
                    yield _extra(have.digest)
                else:
                    young.append(have.digest)
            elif want is not None and have is None:
                missing.append(want.digest)
            elif want is not None and have is not None:
                yield from _compare(work, want, have)
    yield from _confirmed(ws, missing, young)


def survey_alone(ws: Workspace, work: Worklist) -> Iterator[Fault]:
    """Without a catalogue to hold it against, each object's own name is left."""
    for one in held(ws.layout):
        if isinstance(one, Fault):
            yield one
        else:
            yield from _compare(work, Expected(one.digest, one.size), one)


def wanted(work: Worklist, since: int) -> Iterator[Fault]:
    """What the catalogue names, looked for by hashing alone: all, or what came since an entry."""
    with snapshot():
        for one in expected(since):
            if isinstance(one, Fault):
                yield one
            else:
                work.add(one.digest, one.size)


def _pairs(
    wanted: Iterator[Expected | Fault], there: Iterator[Held | Fault]
) -> Iterator[_Pair | Fault]:
    """Both in the order of their digests; each object once, with None for what one of them lacks."""
    want, have = next(wanted, None), next(there, None)
    while want is not None or have is not None:
        if isinstance(want, Fault):
            yield want
            want = next(wanted, None)
        elif isinstance(have, Fault):
            yield have
            have = next(there, None)
        elif have is None or (want is not None and want.digest < have.digest):
            yield want, None
            want = next(wanted, None)
        elif want is None or have.digest < want.digest:
            yield None, have
            have = next(there, None)
        else:
            yield want, have
            want, have = next(wanted, None), next(there, None)


def _compare(work: Worklist, want: Expected, have: Held) -> Iterator[Fault]:
    name = want.digest.hex()
    wrong = size_fault(name, want.size, have.size)
    if wrong is None:
        work.add(want.digest, have.size)
    else:
        yield wrong
    if have.writable:
        yield Fault(MODE, name, "objects are read-only, this one may be written to")


def _confirmed(
    ws: Workspace, missing: Iterable[Digest], young: Iterable[Digest]
) -> Iterator[Fault]:
    """Looked at once more: somebody may have purged or imported, and bytes come before rows."""
    for digest in missing:
        if not is_held(ws.layout, digest) and is_expected(digest):
            yield Fault(MISSING, digest.hex(), "the catalogue names it, the store does not hold it")
    if is_idle(ws.layout):
        yield from (_extra(digest) for digest in young if not is_expected(digest))


def _extra(digest: Digest) -> Fault:
    return Fault(EXTRA, digest.hex(), "the store holds it, the catalogue does not name it")


def sample(work: Worklist, count: int, seed: random.Random) -> list[tuple[Digest, int]]:
    """``count`` objects drawn at random, in the order of their digest."""
    places = seed.sample(range(work.objects), min(count, work.objects))
    return work.at(sorted(places))


class Hashing:
    """Hash what a worklist holds; a journal lets a run that is cut short go on."""

    def __init__(
        self, ws: Workspace, progress: Progress, journal: Journal | None, *, medium: bool
    ) -> None:
        self._root, self._progress, self._journal = ws.layout.root, progress, journal
        self._medium = medium
        self._ended: dict[int, _Lot] = {}  # lots that ended before an earlier one
        self._next = 0
        self.tally, self.faults = Tally(), Faults()

    def run(self, large: Iterable[tuple[Digest, int]], small: Iterable[tuple[Digest, int]]) -> None:
        """``large`` first. Interrupted, what was done is in the journal."""
        try:
            with Crew[_Lot, list[Fault]](cores()) as crew:
                for lot in self._lots(large, small):
                    for done, found in crew.room():
                        self._take(done, found)
                    job = partial(rehash, self._root, lot.objects, medium=self._medium)
                    crew.submit(lot, job)
                for done, found in crew.finished(leave=0):
                    self._take(done, found)
        finally:
            if self._journal is not None:
                self._journal.save(now=True)

    def _lots(
        self, large: Iterable[tuple[Digest, int]], small: Iterable[tuple[Digest, int]]
    ) -> Iterator[_Lot]:
        for objects in shared(list(self._undone(large, large=True)), cores()):
            yield _Lot(-1, objects)
        number, lot, size = 0, [], 0
        for one in self._undone(small, large=False):
            lot.append(one)
            size += max(one[1], 0)
            if size >= LOT_BYTES or len(lot) >= LOT_OBJECTS:
                yield _Lot(number, tuple(lot))
                number, lot, size = number + 1, [], 0
        if lot:
            yield _Lot(number, tuple(lot))

    def _undone(
        self, objects: Iterable[tuple[Digest, int]], *, large: bool
    ) -> Iterator[tuple[Digest, int]]:
        for digest, size in objects:
            if self._journal is None or not self._journal.is_done(digest, large=large):
                yield digest, size
                continue
            self.tally.taken_over += 1
            self._count(1, max(size, 0))

    def _take(self, lot: _Lot, found: Sequence[Fault]) -> None:
        self.faults.take(found)
        self._count(len(lot.objects), lot.bytes)
        if self._journal is None:
            return
        done = {bytes(digest) for digest, _ in lot.objects}
        self._journal.faulty -= done
        self._journal.faulty |= {bytes(parse_digest(one.object)) for one in found}
        if lot.number < 0:
            self._journal.large |= done
        self._ended[lot.number] = lot
        while (ended := self._ended.pop(self._next, None)) is not None:
            self._journal.after = max(self._journal.after, ended.objects[-1][0])
            self._next += 1
        self._journal.save()

    def _count(self, objects: int, size: int) -> None:
        self.tally.objects += objects
        self.tally.bytes += size
        self._progress.advance(amount=size, steps=objects)


def shared(
    large: Sequence[tuple[Digest, int]], workers: int
) -> Iterator[tuple[tuple[Digest, int], ...]]:
    """Jobs of ever fewer objects, in the order given (Polychronopoulos, Kuck: "Guided self-scheduling", 1987)."""
    left = sum(size for _, size in large)
    lot, size = [], 0
    for one in large:
        lot.append(one)
        size += one[1]
        if size >= min(LARGE_LOT_BYTES, left // (_PARTS * workers)):
            yield tuple(lot)
            left -= size
            lot, size = [], 0
    if lot:
        yield tuple(lot)


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0))


def by_size(objects: Sequence[tuple[Digest, int]]) -> list[list[tuple[Digest, int]]]:
    """The large ones, the largest first; and the others."""
    large = sorted((one for one in objects if one[1] >= LARGE), key=lambda one: -one[1])
    return [large, [one for one in objects if one[1] < LARGE]]
