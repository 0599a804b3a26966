"""Playing a recording: the playlist, and segments made in the sandbox when they are asked for.

The original is read each time; nothing is kept but what was made lately, in memory. While one
segment is watched the next is made, so that playing does not stop.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final, NamedTuple

from daylight.catalogue.queries.items import key_frame_index, media_facts, seen_digest
from daylight.catalogue.queries.pictures import rebuilt
from daylight.catalogue.queries.policy import policy
from daylight.domain.access import MarkRule
from daylight.domain.digest import Digest
from daylight.domain.media import MediaFacts, State
from daylight.domain.principal import Principal, Right
from daylight.errors import MediaRefused
from daylight.media.cut import MESSAGE, PROGRAM, Cut, Look, Mode, look_of, to_request
from daylight.media.cut_plan import CutPlan, KeyFrame, plan_cuts
from daylight.media.executor import End, Executor, Outcome, Task, TaskLimits
from daylight.media.facts_json import from_json
from daylight.media.keyframes import UNKNOWN, KeyFrameIndex, unpack
from daylight.media.mpegts import MAX_SEGMENT, check_segment
from daylight.media.playlist import TICKS
from daylight.media.playlist import playlist as playlist_text
from daylight.media.program import Json
from daylight.media.reading import UNTIMED
from daylight.services.kept import Kept
from daylight.services.workspace import Workspace

SLOTS: Final = max(2, min(8, (os.cpu_count() or 2) // 2))  # each decodes in several threads
MARK_DIGITS: Final = 8  # of a viewer's agent id
CACHED_BYTES: Final = 192 << 20
CACHED_PLANS: Final = 64
MAX_INDEX: Final = 400 << 20  # bytes of a key-frame index that is believed
Within = tuple[int, int] | None  # microseconds; None is all of it
LIMITS: Final = TaskLimits(wall_seconds=40.0, cpu_seconds=35, message_bytes=MAX_SEGMENT)
# With several threads: these may wait for each other for ever in what looked sound. Both limits
# together are less than a player waits for a segment (60 s).
FIRST_LIMITS: Final = replace(LIMITS, wall_seconds=15.0)


class _Place(NamedTuple):
    """Which segment: of which item, in which look."""

    digest: Digest
    look: Look
    number: int
    shielded: bool  # though the look would be another
    mark: str = ""  # drawn into the pictures: each viewer has their own
    copies: bool = True
    thin: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """``digest``: of the object that is played: the item, or what was rebuilt of it. ``index``: the
    object of its key-frame index; ``ordinals``: how many coded pictures precede each key frame;
    ``step``: the index's time base, in seconds.
    """

    digest: Digest
    cuts: CutPlan
    facts: MediaFacts
    index: Digest | None
    ordinals: Sequence[int]
    step: Fraction


class Player:
    """What a server holds to play from: sandbox slots, started at the first segment, and a cache."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._lock = threading.Lock()
        self._executor: Executor | None = None
        self._asked = ThreadPoolExecutor(SLOTS, thread_name_prefix="asked")
        # One at a time is made ahead, so that a slot is left for whoever asks.
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._plans: OrderedDict[tuple[Digest, Look], Plan] = OrderedDict()
        self._made: OrderedDict[_Place, Future[bytes]] = OrderedDict()
        self._hung: set[Digest] = set()  # whose decoding with several threads did not end
        self.stills = Kept()

    def prepare(self) -> None:
        """Start the sandbox slots now, in the background, and not at the first click."""
        self._ahead.submit(self.slots)

    def close(self) -> None:
        """Kill what is being cut; whoever waits for it learns that it cannot be played."""
        self._ahead.shutdown(wait=False, cancel_futures=True)
        self._asked.shutdown(wait=False, cancel_futures=True)
        with self._lock:  # prepare() may be starting it
            executor = self._executor
        if executor is not None:
            executor.close()

    def plan(self, principal: Principal, public_id: str, mode: str) -> Plan:
        """How the item is cut. ``KeyError`` if it is not to be seen; ``MediaRefused``."""
        digest = seen_digest(principal, public_id)
        if digest is None:
            raise KeyError(public_id)
        key = (digest, look_of(mode))
        with self._lock:
            known = self._plans.get(key)
        if known is None:
            known = self._planned(principal, public_id, key)
            with self._lock:
                self._plans[key] = known
                while len(self._plans) > CACHED_PLANS:
                    self._plans.popitem(last=False)
        return known

    def segment(
        self,
        plan: Plan,
        look: Look,
        number: int,
        within: Within = None,
        agent: str = "",
        *,
        thin: bool = False,
    ) -> bytes:
        """Bytes of one segment, and the next one begun. ``IndexError`` past the end."""
        shut = not lifted(plan, number, within)
        place = _Place(plan.digest, look, number, shielded=shut, thin=thin)
        if look.mode is Mode.CLEAR and agent:
            copies = policy().mark is MarkRule.ENCODED
            place = place._replace(mark=self.mark(agent), copies=copies)
        try:
            data = self._future(plan, place).result()
        except CancelledError:
            raise MediaRefused("the review room is closing") from None
        if number + 1 < len(plan.cuts.spans):
            shut = not lifted(plan, number + 1, within)
            self._ahead.submit(self._wait, plan, place._replace(number=number + 1, shielded=shut))
        return data

    def mark(self, agent: str) -> str:
        """What is drawn into what this person is sent clear."""
        return mark_of(agent, self._ws.clock())

    def _wait(self, plan: Plan, place: _Place) -> None:
        self._future(plan, place).exception()

    def _future(self, plan: Plan, place: _Place) -> Future[bytes]:
        """The segment, asked for by whoever comes first; all others wait for that."""
        with self._lock:
            known = self._made.get(place)
            if known is not None and not _failed(known):  # a failure is tried again
                self._made.move_to_end(place)
                return known
            future = self._asked.submit(self._make, plan, place)
            self._made[place] = future
        future.add_done_callback(self._forget_oldest)
        return future

    def _make(self, plan: Plan, place: _Place) -> bytes:
        cut = replace(plan.cuts.cut(place.number), mark=place.mark, copies=place.copies)
        cut = replace(cut, thin=place.thin)
        if place.shielded:
            cut = cut.shielded()
        outcome = self._cut(cut, place.digest)
        sent = [m.untrusted_payload for m in outcome.messages if m.untrusted_kind == MESSAGE]
        if outcome.end is not End.DONE or len(sent) != 1:
            raise MediaRefused(f"this part cannot be played ({outcome.end.value})")
        return check_segment(sent[0])

    def _cut(self, cut: Cut, digest: Digest) -> Outcome:
        """What takes too long is tried again with one thread, and so is all that follows of it."""
        if not cut.one_thread and digest not in self._hung:
            outcome = self.run(PROGRAM, to_request(cut), [digest], FIRST_LIMITS)
            if outcome.end is not End.TIMED_OUT:
                return outcome
            self._hung.add(digest)
        return self.run(PROGRAM, to_request(replace(cut, one_thread=True)), [digest], LIMITS)

    def slots(self) -> Executor:
        """The sandbox slots that playing uses, started where they are not yet."""
        with self._lock:
            if self._executor is None:
                self._executor = self._ws.start_executor(SLOTS)
            return self._executor

    def _forget_oldest(self, _: Future[bytes]) -> None:
        with self._lock:
            over = [(place, future) for place, future in self._made.items() if future.done()]
            for place in [place for place, future in over if _failed(future)]:
                del self._made[place]
            done = [(place, future) for place, future in over if not _failed(future)]
            total = sum(len(future.result()) for _, future in done)
            for place, future in done[:-1]:
                if total <= CACHED_BYTES:
                    return
                total -= len(future.result())
                del self._made[place]

    def _planned(self, principal: Principal, public_id: str, key: tuple[Digest, Look]) -> Plan:
        """Of the original; of what was rebuilt where that cannot be opened."""
        digest, look = key
        stored = media_facts(principal, public_id)
        if stored is None:
            raise MediaRefused("it is not examined yet")
        facts, index = from_json(stored), key_frame_index(principal, public_id)
        if facts.state is State.UNREADABLE:
            found = rebuilt(principal, public_id)
            if found is None:
                raise MediaRefused("it cannot be read")
            digest, facts, index = found.digest, from_json(found.facts), found.index
        if index is None:
            cuts = plan_cuts(facts, [], look.mode, small=look.small, sound=look.sound)
            return Plan(digest, cuts, facts, None, (), Fraction(1))
        held = self._index(index)
        keys = _keys(held, untimed=facts.demuxer in UNTIMED)
        cuts = plan_cuts(facts, keys, look.mode, small=look.small, sound=look.sound)
        return Plan(digest, cuts, facts, index, held.ordinals, held.time_base)

    def _index(self, digest: Digest) -> KeyFrameIndex:
        descriptor = self._ws.store.open_fd(digest)
        try:
            return unpack(os.pread(descriptor, MAX_INDEX, 0))
        finally:
            os.close(descriptor)

    def run(
        self,
        program: str,
        request: Mapping[str, Json],
        objects: Sequence[Digest],
        limits: TaskLimits,
    ) -> Outcome:
        """One task on these objects, in the slots that playing uses."""
        with ExitStack() as held:
            files = []
            for one in objects:
                files.append(self._ws.store.open_fd(one))
                held.callback(os.close, files[-1])
            return self.slots().run(Task(program, request, files, limits))


def lifted(plan: Plan, number: int, within: Within) -> bool:
    """Whether a segment reaches into the span the shield was lifted for. ``IndexError`` past the end."""
    if number < 0:
        raise IndexError(number)
    span = plan.cuts.spans[number]
    if within is None:
        return True
    start, end = within
    return span.start * 1_000_000 < end * TICKS and span.end * 1_000_000 > start * TICKS


def playlist(
    player: Player, principal: Principal, public_id: str, mode: str, within: Within = None
) -> str:
    """HLS (RFC 8216) with the addresses ``0.ts``, ``1.ts`` … beside it. ``within``: what was lifted.

    Raises ``KeyError`` for an item that is not to be seen, ``ValueError`` for an unknown mode,
    ``MediaRefused`` for what cannot be played.
    """
    _allow(principal)
    plan = player.plan(principal, public_id, mode)
    spans = plan.cuts.spans
    shown = [lifted(plan, number, within) for number in range(len(spans))]
    breaks = {n for n in range(1, len(spans)) if shown[n] != shown[n - 1]}
    return playlist_text(spans, lambda number: f"{number}.ts", breaks)


@dataclass(frozen=True, slots=True)
class Made:
    """``data``: MPEG-TS, its structure checked. ``start_us``, ``end_us``: microseconds of the item.

    ``shielded``: it lies outside of what was lifted, and is sent as if nothing were.
    """

    data: bytes
    start_us: int
    end_us: int
    shielded: bool = False


def segment(
    player: Player,
    principal: Principal,
    public_id: str,
    number: int,
    mode: str,
    within: Within = None,
    *,
    thin: bool = False,
) -> Made:
    """One segment. As :func:`playlist`; ``IndexError`` past the end. ``thin``: of few bytes."""
    _allow(principal)
    plan = player.plan(principal, public_id, mode)
    data = player.segment(plan, look_of(mode), number, within, principal.agent, thin=thin)
    span = plan.cuts.spans[number]
    times = span.start * 1_000_000 // TICKS, span.end * 1_000_000 // TICKS
    return Made(data, *times, shielded=not lifted(plan, number, within))


def mark_of(agent: str, now: datetime) -> str:
    """Who watches, by their number in the ledger: a picture that gets out must not name them to others.

    The hour, not the minute: within it a segment that was made is used again.
    """
    return f"{agent[:MARK_DIGITS]} {now.astimezone(UTC):%Y-%m-%d %Hh}"


def _allow(principal: Principal) -> None:
    principal.require(Right.SEE_ITEMS)
    principal.require(Right.WATCH)


def _failed(future: Future[bytes]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)


def _keys(index: KeyFrameIndex, *, untimed: bool) -> Sequence[KeyFrame]:
    columns = zip(index.pts, index.dts, index.positions, index.times, strict=True)
    return [
        KeyFrame(
            None if untimed else _known(pts),
            None if untimed else _known(dts),
            _known(position),
            time if untimed else 0,
        )
        for pts, dts, position, time in columns
    ]


def _known(value: int) -> int | None:
    return None if value == UNKNOWN else value
