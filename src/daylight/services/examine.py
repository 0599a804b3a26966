"""Examining: what should be known of every item, minus what is known, is the work.

The coordinator (this thread) is the only writer. Slots (threads, each with a sandboxed child) do
tasks that are named by content alone, so a crash costs the tasks in flight and nothing else.
"""

import os
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import astuple, dataclass, field, replace
from fractions import Fraction
from typing import Final

from daylight.catalogue.queries.work import Todo, todo
from daylight.detectors.registry import PROBE_VERSION, applicable, listed
from daylight.detectors.results import (
    CheckedFinding,
    CheckedPartial,
    Results,
    Seen,
    parse,
)
from daylight.domain.media import Kind, MediaFacts, State, judged
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.errors import MediaRefused, UsageError
from daylight.media.executor import SLOTS, End, Executor, Outcome, Task, TaskLimits
from daylight.media.facts_json import to_json
from daylight.media.program import Json
from daylight.services import findings, heads
from daylight.services.findings import Examined
from daylight.services.workspace import Workspace
from daylight.storage.layout import in_use, lock

BATCH: Final = 24  # items a transaction, at least
_MOST: Final = 4 * BATCH  # where they come so quickly that
_PAUSE: Final = 0.5  # seconds between two transactions are not over
_SHORT: Final = 2 << 20  # bytes of an item that takes a moment, and of which little comes back
_AHEAD: Final = 6  # tasks a slot, of short ones: a transaction waits longer than one takes
_LONG_SOUND: Final = 300.0  # seconds more: ten hours of speech take few bytes and a minute or two
_SECONDS_A_GIGABYTE: Final = 60.0  # a whole file is read, some of it decoded


@dataclass(frozen=True, slots=True)
class ExamineReport:
    """``failed``: findings that could not be made; the items are kept and listed all the same.

    ``media_s``: seconds of recordings among the items; ``took_s``: of work.
    """

    items: int
    findings: int
    failed: int
    media_s: float = 0.0
    took_s: float = 0.0

    def and_then(self, other: "ExamineReport") -> "ExamineReport":
        """Of two runs, one after the other."""
        mine, theirs = astuple(self), astuple(other)
        return ExamineReport(*(one + two for one, two in zip(mine, theirs, strict=True)))


@dataclass(slots=True)
class _Long:
    """An item cut into spans, while its spans come back."""

    todo: Todo
    results: Results
    wanted: list[str]
    waiting: int
    looks: dict[int, Results] = field(default_factory=dict)


def examine(ws: Workspace, principal: Principal, only: str, progress: Progress) -> ExamineReport:
    """Make every finding that is missing; with ``only``, those of one detector (or the probe).

    Raises ``VaultBusy`` when another process examines, ``SandboxMissing``, ``UsageError``.
    """
    principal.require(Right.EXAMINE)
    if only and only != "probe" and only not in listed():
        raise UsageError(f"there is no detector named {only!r}; there are {', '.join(listed())}")
    with ExitStack() as held:
        held.enter_context(in_use(ws.layout))
        held.enter_context(lock(ws.layout, "examine"))
        work = deque(todo(_names(only), PROBE_VERSION))
        progress.total(amount=sum(one.size for one in work), steps=len(work))
        report = ExamineReport(0, 0, 0)
        if work:
            executor = held.enter_context(ws.start_executor(SLOTS))
            report = _Coordinator(ws, executor, progress, work).run()
            heads.keep(ws)
        return report


def _names(only: str) -> dict[str, tuple[int, str]]:
    """Detector to (version, wants), of those that are asked for."""
    chosen = {name: one for name, one in listed().items() if only in ("", name)}
    return {name: (one.version, one.wants.value) for name, one in chosen.items()}


class _Coordinator:
    def __init__(
        self,
        ws: Workspace,
        executor: Executor,
        progress: Progress,
        work: deque[Todo],
    ) -> None:
        self._ws, self._executor = ws, executor
        self._progress, self._work = progress, work
        self._pool = ThreadPoolExecutor(executor.slots, thread_name_prefix="examine")
        self._running: dict[Future[Outcome], tuple[Todo, _Long | None, int]] = {}
        self._spans: deque[tuple[_Long, int]] = deque()
        self._ready: list[Examined] = []
        self._done = [0, 0, 0]
        self._media, self._began = Fraction(0), time.monotonic()
        self._committed = self._began - _PAUSE

    def run(self) -> ExamineReport:
        try:
            while self._work or self._spans or self._running:
                self._start()
                done, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for future in done:
                    self._take(*self._running.pop(future), future.result())
                if self._is_due():
                    self._commit()
            self._commit()
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)
        items, found, failed = self._done
        took = time.monotonic() - self._began
        return ExamineReport(items, found, failed, float(self._media), took)

    def _start(self) -> None:
        """Keep every slot busy with one task in reserve, some where the next one is short; spans of an
        item begun go first.
        """
        while len(self._running) < self._executor.slots * self._ahead():
            if self._spans:
                long, number = self._spans.popleft()
                future = self._pool.submit(self._look, long, number)
                self._running[future] = (long.todo, long, number)
            elif self._work:
                one = self._work.popleft()
                self._running[self._pool.submit(self._examine, one)] = (one, None, -1)
            else:
                return

    def _ahead(self) -> int:
        short = not self._spans and self._work and self._work[0].size <= _SHORT
        return _AHEAD if short else 2

    def _take(self, one: Todo, long: _Long | None, number: int, outcome: Outcome) -> None:
        results, failure = _checked(outcome)
        if long is None:
            self._take_whole(one, results, failure)
            return
        if number < 0:
            self._ready.append(_finished(long, results, failure))
            return
        long.looks[number] = results if not failure else _with_failures(results, long, failure)
        long.waiting -= 1
        if not long.waiting:
            future = self._pool.submit(self._merge, long)
            self._running[future] = (one, long, -1)

    def _take_whole(self, one: Todo, results: Results, failure: str) -> None:
        if results.facts is None:
            self._ready.append(_unrecognised(one, failure))
            return
        wanted = _wanted(one, results.facts)
        if results.spans and not failure:
            long = _Long(one, results, wanted, len(results.spans))
            self._spans.extend((long, n) for n in range(len(results.spans)))
            return
        facts = _judged(results.facts, [results.seen])
        if failure:
            facts = _damaged(facts, failure)
        self._ready.append(
            Examined(one, facts, results.index, _all(wanted, results.findings, failure))
        )

    def _examine(self, one: Todo) -> Outcome:
        request: dict[str, Json] = {"detectors": list(one.detectors)}
        return self._run("examine", request, one, [], _limits(one.size))

    def _look(self, long: _Long, number: int) -> Outcome:
        """The first span has the sound of the whole item as well."""
        first, last = long.results.spans[number]
        said = {one.detector for one in long.results.findings}
        names = [n for n in long.wanted if number == 0 or listed()[n].wants == "key-frames"]
        names = [n for n in names if n not in said]
        request: dict[str, Json] = {
            "facts": _facts_json(long),
            "first": first,
            "last": last,
            "detectors": names,
        }
        return self._run("look", request, long.todo, [long.results.index], _limits(long.todo.size))

    def _merge(self, long: _Long) -> Outcome:
        partials = _partials(long)
        request: dict[str, Json] = {
            "facts": _facts_json(long),
            "partials": [
                {"detector": p.detector, "facts": dict(p.facts), "size": len(p.data)}
                for p in partials
            ],
        }
        data = b"".join(partial.data for partial in partials)
        return self._run("merge", request, None, [long.results.index, data], TaskLimits())

    def _run(
        self,
        program: str,
        request: dict[str, Json],
        one: Todo | None,
        blobs: Sequence[bytes],
        limits: TaskLimits,
    ) -> Outcome:
        with ExitStack() as held:
            files = [] if one is None else [self._ws.store.open_fd(one.read)]
            files += [_memory_file(blob) for blob in blobs]
            for descriptor in files:
                held.callback(os.close, descriptor)
            return self._executor.run(Task(program, request, files, limits))

    def _is_due(self) -> bool:
        many = len(self._ready)
        return many >= BATCH and (many >= _MOST or time.monotonic() - self._committed >= _PAUSE)

    def _commit(self) -> None:
        ready, self._ready = self._ready, []
        if not ready:
            return
        findings.keep(self._ws, ready)
        self._committed = time.monotonic()
        self._done[0] += len(ready)
        self._done[1] += sum(len(one.findings) for one in ready)
        self._done[2] += sum(bool(f.failed) for one in ready for f in one.findings)
        self._media += sum((one.facts.duration or Fraction(0) for one in ready), Fraction(0))
        self._progress.say(pace(float(self._media), time.monotonic() - self._began))
        self._progress.advance(amount=sum(one.todo.size for one in ready), steps=len(ready))


def pace(media_s: float, took_s: float) -> str:
    """How much was recorded in what was seen, and how fast it went."""
    return f"{media_s / 3600:.1f} h of recordings, {media_s / max(took_s, 1e-3):.0f}x real time"


def _memory_file(data: bytes) -> int:
    descriptor = os.memfd_create("blob", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(data)
    return descriptor


def _limits(size: int) -> TaskLimits:
    seconds = 120.0 + min(size / 5e5, _LONG_SOUND) + size / 1e9 * _SECONDS_A_GIGABYTE
    return TaskLimits(wall_seconds=seconds, cpu_seconds=int(seconds))


def _checked(outcome: Outcome) -> tuple[Results, str]:
    """What came, as far as it makes sense; and why it is not all, in a sentence."""
    try:
        results = parse(outcome.messages)
    except MediaRefused as error:
        return Results(), str(error)
    if outcome.end is End.DONE:
        return results, ""
    return results, f"the reader {outcome.end.value.replace('-', ' ')}: {outcome.untrusted_reason}"


def _wanted(one: Todo, facts: MediaFacts) -> list[str]:
    """Which apply. For a salvage that was settled before, by the facts that it was kept with."""
    if one.salvage is not None:
        return list(one.detectors)
    return [name for name in one.detectors if listed()[name].wants in applicable(facts)]


def _unrecognised(one: Todo, failure: str) -> Examined:
    """An item that its reader did not survive is kept, marked and listed."""
    reason = failure or "the reader said nothing of it"
    facts = MediaFacts(Kind.OTHER, State.UNREADABLE, reason[:300])
    return Examined(one, facts, b"", () if one.salvage is None else _all(one.detectors, (), reason))


def _damaged(facts: MediaFacts, failure: str) -> MediaFacts:
    """What its reader did not get through to the end is damaged, whatever was seen before."""
    state = State.DAMAGED if facts.state is State.OK else facts.state
    return replace(facts, state=state, reason=facts.reason or failure[:300])


def _judged(facts: MediaFacts, seen: Sequence[Seen | None]) -> MediaFacts:
    told = [one for one in seen if one is not None]
    return judged(facts, sum(s.decoded for s in told), sum(s.corrupt for s in told))


def _all(
    wanted: Sequence[str], found: Sequence[CheckedFinding], failure: str
) -> tuple[CheckedFinding, ...]:
    """One finding for every detector that was wanted: those missing have failed, and are done."""
    by_name = {one.detector: one for one in found}
    reason = failure or "it gave no finding"
    return tuple(
        by_name.get(name) or CheckedFinding(name, listed()[name].version, {}, failed=reason[:300])
        for name in wanted
    )


def _facts_json(long: _Long) -> Json:
    if long.results.facts is None:
        raise AssertionError("an item is cut into spans by its facts")
    return to_json(long.results.facts)


def _with_failures(results: Results, long: _Long, failure: str) -> Results:
    have = {one.detector for one in results.partials}
    have |= {one.detector for one in long.results.findings}
    failed = tuple(
        CheckedFinding(name, listed()[name].version, {}, failed=failure[:300])
        for name in long.wanted
        if name not in have
    )
    return Results(
        seen=results.seen, findings=(*results.findings, *failed), partials=results.partials
    )


def _partials(long: _Long) -> list[CheckedPartial]:
    looks = [long.looks[number] for number in sorted(long.looks)]
    return [partial for look in looks for partial in look.partials]


def _finished(long: _Long, merged: Results, failure: str) -> Examined:
    """A span that failed leaves a hole, which item and finding own up to; the rest is kept."""
    looks = [long.looks[number] for number in sorted(long.looks)]
    failed = [one for look in looks for one in look.findings if one.failed]
    if long.results.facts is None:
        raise AssertionError("an item is cut into spans by its facts")
    facts = _judged(long.results.facts, [look.seen for look in looks])
    if failed or failure:
        facts = _damaged(facts, failure or f"part of it could not be read: {failed[0].failed}")
    holes = {one.detector: one.failed for one in failed}
    found = [_with_hole(one, holes.get(one.detector, "")) for one in merged.findings]
    found += long.results.findings  # said before it was cut
    return Examined(
        long.todo, facts, long.results.index, _all(long.wanted, [*failed, *found], failure)
    )


def _with_hole(finding: CheckedFinding, hole: str) -> CheckedFinding:
    return replace(finding, facts={**finding.facts, "incomplete": hole}) if hole else finding
