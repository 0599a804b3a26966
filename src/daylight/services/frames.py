"""The very picture: by its number or by the moment, and a still of it to keep.

Numbers count pictures from 0 in the order in which they are shown; they come from the key-frame
index, which knows how many coded pictures lie before each key frame.
"""

import bisect
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

from django.db import transaction

from daylight.catalogue.ledger_rows import lock_writers
from daylight.catalogue.models import Finding, Item, Rendition
from daylight.catalogue.queries.access import items_seen_by
from daylight.catalogue.queries.items import RenditionView, rendition_view
from daylight.catalogue.queries.policy import policy
from daylight.catalogue.queries.stills import GRABBED
from daylight.domain.access import MarkRule
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.errors import MediaRefused
from daylight.ledger.leaf import Value
from daylight.media import frame_ask
from daylight.media.cut import Mode
from daylight.media.executor import End, TaskLimits
from daylight.media.frame_ask import FrameAsk, FrameSaid, checked, to_request
from daylight.media.playlist import TICKS
from daylight.media.reading import UNTIMED
from daylight.services.kept import Key, Still
from daylight.services.record import record
from daylight.services.watch import Plan, Player
from daylight.services.workspace import Workspace

VERSION: Final = 1
AROUND: Final = 6  # pictures made ahead and behind, since the next step is likely to be one
LIMITS: Final = TaskLimits(wall_seconds=40.0, cpu_seconds=60)
_TOLERANCE: Final = Fraction(1, 80_000)  # s; a moment is told in microseconds, key frames in ticks


@dataclass(frozen=True, slots=True)
class Stepped:
    """``still``: the one asked for, or the nearest; ``around``: those known beside it, and itself."""

    still: Still
    around: tuple[Still, ...]


def at_moment(
    player: Player,
    principal: Principal,
    public_id: str,
    mode: str,
    us: int,
    *,
    thin: bool = False,
) -> Stepped:
    """The picture that stands at a media time, in microseconds from media zero. ``thin``: of few bytes.

    Raises ``KeyError`` for an item that is not to be seen, ``ValueError`` for an unknown mode,
    ``MediaRefused`` where there is no picture.
    """
    plan = _plan(player, principal, public_id, mode)
    mark = _mark(player, principal, mode)
    if plan.facts.demuxer in UNTIMED:
        number = int((max(0, us) * Fraction(1, 1_000_000) + _TOLERANCE) / plan.step)
        return at_number(player, principal, public_id, mode, number, toward=-1, thin=thin)
    time = max(0, us) * Fraction(TICKS, 1_000_000)
    starts = [entry.time for entry in plan.cuts.entries]
    group = max(0, bisect.bisect_right(starts, time + 1) - 1)
    reach = (time - starts[group]) / TICKS + _TOLERANCE
    ask = FrameAsk(plan.facts, Mode(mode), group, reach=reach, mark=mark, thin=thin)
    return _made(player, plan, ask)


def at_number(
    player: Player,
    principal: Principal,
    public_id: str,
    mode: str,
    number: int,
    toward: int = 1,
    *,
    thin: bool = False,
) -> Stepped:
    """Picture ``number``; where it cannot be decoded the next (``toward`` 1) or the one before (-1).

    As :func:`at_moment`.
    """
    plan = _plan(player, principal, public_id, mode)
    mark = _mark(player, principal, mode)
    key = Key(plan.digest, Mode(mode), mark, number, thin)
    known = player.stills.get(key)
    if known is not None:
        return _stepped(player, key, known)
    ask = _numbered(plan, Mode(mode), number, toward)
    return _made(player, plan, replace(ask, mark=mark, thin=thin))


def still(
    player: Player,
    principal: Principal,
    public_id: str,
    mode: str,
    number: int,
    *,
    thin: bool = False,
) -> Still:
    """That picture and no other. As :func:`at_moment`; ``IndexError`` where there is none."""
    found = at_number(player, principal, public_id, mode, number, thin=thin).still
    if found.number != number:
        raise IndexError(number)
    return found


def marked(
    player: Player, principal: Principal, public_id: str, number: int, *, thin: bool = False
) -> Still | None:
    """A kept clear still as it is sent where nothing may be passed on as it is; else None.

    As :func:`still`.
    """
    if policy().mark is not MarkRule.ALWAYS:
        return None
    plan = _plan(player, principal, public_id, Mode.CLEAR)
    ask = _numbered(plan, Mode.CLEAR, number, 1)
    mark = _mark(player, principal, Mode.CLEAR)
    return _one(player, plan, replace(ask, whole=not thin, thin=thin, mark=mark), number)


def grab(
    ws: Workspace, player: Player, principal: Principal, public_id: str, mode: str, number: int
) -> RenditionView:
    """Keep a picture in its own size as a rendition, with its entry. As :func:`still`."""
    principal.require(Right.MARK)
    plan = _plan(player, principal, public_id, mode)
    ask = replace(_numbered(plan, Mode(mode), number, 1), whole=True)
    made = _one(player, plan, ask, number)
    (digest,) = ws.store.put_many([made.data])
    with transaction.atomic():
        lock_writers()
        row = items_seen_by(principal).filter(public_id=public_id).get()
        return _keep(ws, principal, row, made, mode, plan.digest, digest)


def address(made: Still) -> dict[str, Any]:
    """Stream, decoding and showing ordinal, pts and time base: DESIGN section 8."""
    return {
        "stream": made.stream,
        "number": made.number,
        "decode": made.decode,
        "pts": made.pts,
        "time_base": str(made.time_base),
        "us": made.us,
    }


def _keep(
    ws: Workspace,
    principal: Principal,
    item: Item,
    made: Still,
    mode: str,
    played: Digest,
    digest: Digest,
) -> RenditionView:
    finding, _ = Finding.objects.get_or_create(
        item=item, detector=GRABBED, version=VERSION, defaults={"facts": {}}
    )
    name = f"frame-{made.number}-{mode}"
    known = Rendition.objects.filter(finding=finding, name=name).first()
    if known is not None:
        return rendition_view(known)
    size = {"width": made.width, "height": made.height}
    kept = {"agent": principal.agent, "at": ws.clock().isoformat(timespec="minutes")}
    row = Rendition.objects.create(
        item=item,
        finding=finding,
        name=name,
        media_type=made.media_type,
        sha256=digest,
        size=len(made.data),
        facts={**address(made), **size, **kept, "rebuilt": bytes(played) != bytes(item.sha256)},
    )
    record(
        ws,
        principal.agent,
        "still-grabbed",
        objects=[Digest(bytes(item.sha256))],
        details=_details(made, mode, digest),
    )
    return rendition_view(row)


def _details(made: Still, mode: str, digest: Digest) -> dict[str, Value]:
    return {
        "mode": mode,
        "stream": made.stream,
        "number": made.number,
        "decode": made.decode,
        "pts": "" if made.pts is None else str(made.pts),
        "time_base": str(made.time_base),
        "sha256": digest.hex(),
    }


def _plan(player: Player, principal: Principal, public_id: str, mode: str) -> Plan:
    principal.require(Right.SEE_ITEMS)
    principal.require(Right.WATCH)
    plan = player.plan(principal, public_id, mode)
    if not plan.cuts.entries or plan.index is None:
        raise MediaRefused("it holds no pictures that can be stepped through")
    if len(plan.ordinals) != len(plan.cuts.entries):
        raise MediaRefused("its pictures were not counted yet: examine it again")
    return plan


def _numbered(plan: Plan, mode: Mode, number: int, toward: int) -> FrameAsk:
    group = bisect.bisect_right(plan.ordinals, number) - 1
    if group < 0 and number < 0:
        raise MediaRefused("there is no picture before the first")
    group = max(0, group)
    rank = max(0, number - plan.ordinals[group])
    return FrameAsk(plan.facts, mode, group, rank=rank, toward=-1 if toward < 0 else 1)


def _made(player: Player, plan: Plan, ask: FrameAsk) -> Stepped:
    with player.stills.making:
        made = _run(player, plan, replace(ask, before=AROUND, after=AROUND))
    wanted = next(one for one in made if one.wanted)
    key = Key(plan.digest, ask.mode, ask.mark, wanted.number, ask.thin)
    for one in made:
        player.stills.put(key._replace(number=one.number), one.still)
    return _stepped(player, key, wanted.still)


def _one(player: Player, plan: Plan, ask: FrameAsk, number: int) -> Still:
    made = next(one.still for one in _run(player, plan, ask) if one.wanted)
    if made.number != number:
        raise IndexError(number)
    return made


def _mark(player: Player, principal: Principal, mode: str) -> str:
    return player.mark(principal.agent) if mode == Mode.CLEAR else ""


def _stepped(player: Player, key: Key, found: Still) -> Stepped:
    around = range(found.number - AROUND, found.number + AROUND + 1)
    return Stepped(found, tuple(player.stills.moments(key, around)))


@dataclass(frozen=True, slots=True)
class _Made:
    still: Still
    wanted: bool

    @property
    def number(self) -> int:
        return self.still.number


def _run(player: Player, plan: Plan, ask: FrameAsk) -> list[_Made]:
    """All that the sandbox sends; at least the one asked for."""
    if plan.index is None:
        raise AssertionError("only what has an index is asked for")
    outcome = player.run(frame_ask.PROGRAM, to_request(ask), [plan.digest, plan.index], LIMITS)
    if outcome.end is not End.DONE:
        raise MediaRefused(f"this picture cannot be shown ({outcome.end.value})")
    said = [
        checked(one.untrusted_facts, one.untrusted_payload)
        for one in outcome.messages
        if one.untrusted_kind == frame_ask.MESSAGE
    ]
    if sum(one.wanted for one in said) != 1 or any(one.group >= len(plan.ordinals) for one in said):
        raise MediaRefused("what came back is not what was asked for")
    return [_Made(_still(plan, one), one.wanted) for one in said]


def _still(plan: Plan, said: FrameSaid) -> Still:
    first = plan.ordinals[said.group]
    video = plan.facts.video
    untimed = plan.facts.demuxer in UNTIMED
    start = Fraction(plan.cuts.entries[said.group].time, TICKS)
    seconds = (first + said.rank) * plan.step if untimed else start + said.offset
    return Still(
        stream=0 if video is None else video.index,
        number=first + said.rank,
        decode=first + said.place,
        pts=said.pts,
        time_base=plan.step,
        us=max(0, round(seconds * 1_000_000)),
        width=said.width,
        height=said.height,
        media_type=said.media_type,
        data=said.data,
    )
