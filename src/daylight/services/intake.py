"""Taking material in: one read of each file, durable and read back, then rows and a ledger entry.

This process walks and gathers arrivals into lots; a crew of forked children stages and settles each
lot in the store; this process commits what comes back, in a transaction or two. So nothing is
acknowledged that is not durable, and kill -9 costs at most the lots in flight.
"""

import os
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Self

from daylight.domain.custody import DRAW, Statements
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.errors import LimitExceeded, SourceUnreadable, SourceWritable
from daylight.ledger.head import SignedHead
from daylight.routes.bagformat import BagFault, BagReason
from daylight.routes.bags import BagRoute
from daylight.routes.base import Arrival, EntryKind, Limits, Route
from daylight.routes.budget import Budget
from daylight.routes.registry import for_path, for_stored
from daylight.services import accession as accessions
from daylight.services import heads
from daylight.services.accession import Arrived, Known, Lot, OpenAccession, Refusal
from daylight.services.bags import bag_checked
from daylight.services.bulk import Turns
from daylight.services.crew import Crew
from daylight.services.lots import lots
from daylight.services.purged import PURGED, turn_away
from daylight.services.stage import Kept, settle, stage, stage_and_settle, stored_differs
from daylight.services.workspace import Workspace
from daylight.storage.layout import in_use
from daylight.storage.volume import inspect

WORKERS = 6
COMMIT_FILES = 512  # about a thousand rows: some 10 ms a transaction (measured)


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """``accession``: its name; empty draws one. ``expand``: look into archives met on the way."""

    roots: Sequence[Path]
    accession: str = ""
    collection: str = ""
    statements: Statements = field(default_factory=lambda: Statements({}))
    verify: bool = True
    expand: bool = True
    allow_writable_source: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one run did. ``already``: files of this accession that an earlier run had kept.

    ``bag_faults``: what is wrong with the bags among the roots; their files are kept all the same.
    """

    accession: str
    files: int
    bytes: int
    items_new: int
    items_known: int
    occurrences: int
    already: int
    links: int
    refused: tuple[Refusal, ...]
    bag_faults: tuple[BagFault, ...]
    seconds: float
    head: SignedHead  # over what this run entered
    codename: str  # of whoever handed it over, if this run drew it


@dataclass(slots=True)
class _Tally:
    files: int = 0
    bytes: int = 0
    items_new: int = 0
    items_known: int = 0
    occurrences: int = 0
    already: int = 0
    links: int = 0
    refused: list[Refusal] = field(default_factory=list)
    bag_faults: list[BagFault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Errand:
    """A lot under way: its arrivals, and the archive that they lie in.

    ``sequential``: it was read, and charged to the archive's limits, by this process already.
    """

    arrivals: Sequence[Arrival]
    prefix: bytes
    outer: Budget | None
    sequential: bool


@dataclass(frozen=True, slots=True)
class _Archive:
    """An object that may hold further files: to be looked into after what it came with."""

    untrusted_path: bytes
    digest: Digest
    outer: Budget | None


def import_material(
    ws: Workspace, principal: Principal, request: ImportRequest, progress: Progress
) -> ImportReport:
    """Take everything under ``request.roots`` into one accession.

    An unfinished accession of the same name, or unnamed of the same roots, is gone on with.
    Raises ``SourceWritable``, ``VaultFull``, ``VaultBusy``, ``StoreCorrupt``; one file that cannot
    be read is refused in the report and the rest goes on.
    """
    principal.require(Right.IMPORT)
    began = time.monotonic()
    routes = _routes(ws, request)
    with ExitStack() as held:
        held.enter_context(in_use(ws.layout))
        opened = held.enter_context(
            accessions.opened(
                ws,
                principal,
                name=request.accession,
                collection=request.collection,
                roots=request.roots,
                statements=request.statements,
            )
        )
        run = held.enter_context(_Run(ws, principal, request, opened, progress))
        run.take_all(routes)
        accessions.close(ws, principal, opened, files=run.tally.files, size=run.tally.bytes)
        head = heads.keep(ws)
    return _report(opened, request, run.tally, head, time.monotonic() - began)


def _report(
    opened: OpenAccession,
    request: ImportRequest,
    tally: _Tally,
    head: SignedHead,
    seconds: float,
) -> ImportReport:
    drawn = request.statements.by_topic.get("handed_over_by") == DRAW
    return ImportReport(
        accession=opened.name,
        files=tally.files,
        bytes=tally.bytes,
        items_new=tally.items_new,
        items_known=tally.items_known,
        occurrences=tally.occurrences,
        already=tally.already,
        links=tally.links,
        refused=tuple(tally.refused),
        bag_faults=tuple(tally.bag_faults),
        seconds=seconds,
        head=head,
        codename=opened.stated.get("handed_over_by", "") if drawn else "",
    )


def _routes(ws: Workspace, request: ImportRequest) -> list[Route]:
    """Found before anything is written: a source that is refused leaves no trace."""
    _check_sources(request)
    own = ws.layout.root.stat()
    return [for_path(root, skip=frozenset({(own.st_dev, own.st_ino)})) for root in request.roots]


def _check_sources(request: ImportRequest) -> None:
    for root in request.roots:
        if not os.path.lexists(root):
            raise SourceUnreadable("there is nothing at one of the paths given")
        volume = inspect(root)
        if volume.removable and not volume.read_only and not request.allow_writable_source:
            raise SourceWritable("the medium is mounted read-write: reading it may change it")


class _Run:
    """One import: the walk, the lots under way, the archives still to look into."""

    def __init__(
        self,
        ws: Workspace,
        principal: Principal,
        request: ImportRequest,
        opened: OpenAccession,
        progress: Progress,
    ) -> None:
        self.tally = _Tally()
        self._ws, self._principal, self._request = ws, principal, request
        self._opened, self._progress = opened, progress
        self._crew: Crew[_Errand, list[Kept]] = Crew(WORKERS)
        self._archives: deque[_Archive] = deque()
        self._exhausted: set[bytes] = set()
        self._differing: list[BagFault] = []
        self._met = bytearray()  # by an occurrence's key: this run has met it again
        self._turns = Turns()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._crew.__exit__(*exc)

    def take_all(self, routes: Sequence[Route]) -> None:
        if self._progress.wants_total:
            self._survey(routes)
        for route in routes:
            self._take(route, b"", None)
            self._drain()  # before the next one, which may have the same names in it
            if isinstance(route, BagRoute):
                self._judge(route)
        while self._archives:
            self._look_into(self._archives.popleft())
            self._drain()

    def _judge(self, bag: BagRoute) -> None:
        """All of the bag was read: its faults, those of its files among them."""
        faults = [*bag.faults(), *self._differing]
        self._differing.clear()
        self.tally.bag_faults += faults
        bag_checked(self._ws, self._principal, self._opened, bag.version, faults)

    def _survey(self, routes: Sequence[Route]) -> None:
        """How much there is, by names and sizes alone; what archives hold comes on top."""
        amount = steps = 0
        for arrival in (a for route in routes for a in route.arrivals()):
            amount += max(arrival.size, 0)
            steps += 1
        self._progress.total(amount=amount, steps=steps)

    def _take(self, route: Route, prefix: bytes, outer: Budget | None) -> None:
        """Everything of one route; a limit ends the route, not the import."""
        try:
            for lot in lots(route.arrivals()):
                errand = _Errand(lot, prefix, outer, route.sequential)
                self._start(self._not_yet_kept(errand) if self._opened.resumed else errand)
                if prefix in self._exhausted:
                    return
        except LimitExceeded as error:
            self._commit([], [Refusal(prefix.rstrip(b"/"), "limit", str(error))])

    def _start(self, errand: _Errand) -> None:
        """Hand a lot to the crew. What must be read in order is read here, and settled there."""
        store, verify = self._ws.store, self._request.verify
        if errand.sequential:
            ready = [stage(store, arrival) for arrival in errand.arrivals]
            job = partial(settle, store, ready, verify)
        else:
            job = partial(stage_and_settle, store, errand.arrivals, verify)
        for done, kept in self._crew.room():
            self._take_over(done, kept)
        self._crew.submit(errand, job)

    def _look_into(self, archive: _Archive) -> None:
        fd = self._ws.store.open_fd(archive.digest)
        try:
            size = os.fstat(fd).st_size
            name = archive.untrusted_path.rsplit(b"/", 1)[-1]
            route = for_stored(fd, size, name, limits=self._request.limits, outer=archive.outer)
            if route is not None:
                self._take(route, archive.untrusted_path + b"/", route.budget)
                self._drain()
                self._ws.store.settle([], verify=False)  # what was staged here is settled elsewhere
        except LimitExceeded as error:
            self._commit([], [Refusal(archive.untrusted_path, "limit", str(error))])
        finally:
            os.close(fd)

    def _not_yet_kept(self, errand: _Errand) -> _Errand:
        """Leave out what an earlier run of this accession has kept; it counts against limits still."""
        paths = [errand.prefix + one.untrusted_path for one in errand.arrivals]
        known = accessions.known(self._opened, paths)
        todo = []
        for path, arrival in zip(paths, errand.arrivals, strict=True):
            found = self._meet(arrival, known.get(path, ()))
            if found is None:
                todo.append(arrival)
                continue
            if errand.outer is not None and not errand.sequential:
                errand.outer.charge(found.size)
            if stored_differs(self._ws.store, found.digest, arrival.declared):
                self._differing.append(BagFault(path, BagReason.MISMATCH))
            self.tally.files += 1
            self.tally.bytes += found.size
            self.tally.already += 1
            self._progress.advance(amount=found.size, steps=1)
            if self._request.expand and found.size:
                self._archives.append(_Archive(path, found.digest, errand.outer))
        return replace(errand, arrivals=todo)

    def _meet(self, arrival: Arrival, known: Sequence[Known]) -> Known | None:
        """The occurrence that ``arrival`` is, each taken once: a name may come again, as another file."""
        for one in known:
            self._met.extend(bytes(max(one.key + 1 - len(self._met), 0)))
            if not self._met[one.key] and _same(arrival, one):
                self._met[one.key] = 1
                return one
        return None

    def _drain(self) -> None:
        for errand, kept in self._crew.finished(leave=0):
            self._take_over(errand, kept)

    def _take_over(self, errand: _Errand, results: list[Kept]) -> None:
        """Commit a lot that is durable, and note the archives in it."""
        kept, refusals = [], []
        staged = [one.staged.digest for one in results if one.staged is not None]
        barred = turn_away(self._ws, staged)
        for arrival, one in zip(errand.arrivals, results, strict=True):
            path = errand.prefix + arrival.untrusted_path
            if one.staged is not None and one.staged.digest in barred:
                # Told, not recorded: its name beside the word "purged" would say what it was.
                self.tally.refused.append(Refusal(path, "purged", PURGED))
                continue
            if one.staged is None:
                refusals.append(Refusal(path, *one.refusal, arrival.untrusted_target))
                continue
            kept.append(Lot(path, arrival.mtime_ns, arrival.mode, one.staged))
            if one.differs:
                self._differing.append(BagFault(path, BagReason.MISMATCH))
            if one.archive and self._request.expand:
                self._archives.append(_Archive(path, one.staged.digest, errand.outer))
        refusals += self._charge(errand, kept)
        self._commit(kept[:COMMIT_FILES], refusals)
        for at in range(COMMIT_FILES, len(kept), COMMIT_FILES):
            self._commit(kept[at : at + COMMIT_FILES], [])

    def _charge(self, errand: _Errand, kept: list[Lot]) -> list[Refusal]:
        """Count here what a child has read of an archive: its own count died with it."""
        if errand.outer is None or errand.sequential or errand.prefix in self._exhausted:
            return []
        try:
            errand.outer.charge(sum(lot.staged.size for lot in kept))
        except LimitExceeded as error:
            self._exhausted.add(errand.prefix)
            return [Refusal(errand.prefix.rstrip(b"/"), "limit", str(error))]
        return []

    def _commit(self, kept: list[Lot], refusals: list[Refusal]) -> None:
        if not kept and not refusals:
            return
        lot = Arrived(kept, refusals, verified=self._request.verify)
        new = accessions.keep(self._ws, self._principal, self._opened, lot, self._turns)
        self._count(kept, refusals, new)

    def _count(self, kept: list[Lot], refusals: list[Refusal], new: int) -> None:
        tally, size = self.tally, sum(lot.staged.size for lot in kept)
        tally.files += len(kept)
        tally.bytes += size
        tally.items_new += new
        tally.items_known += len(kept) - new
        tally.occurrences += len(kept)
        tally.links += sum(refusal.kind == "link" for refusal in refusals)
        tally.refused += [refusal for refusal in refusals if refusal.kind != "link"]
        self._progress.advance(amount=size, steps=len(kept))


def _same(arrival: Arrival, known: Known) -> bool:
    return (
        arrival.kind is EntryKind.FILE
        and arrival.size in (known.size, -1)
        and arrival.mtime_ns == known.mtime_ns
    )
