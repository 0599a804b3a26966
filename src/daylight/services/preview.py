"""What goes out, rendered as it will be, of a few seconds around a moment: made in memory and kept nowhere.

The same program, the same sandbox and the same check as of a copy; but for its length, the sound that whoever looks
has not asked for, and the number of whoever looks, which clear pictures bear that are encoded. It hides a corner, from
one second to the next another one, so that none stays hidden.
"""

import os
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from daylight.catalogue.queries.items import ItemView
from daylight.domain.marks import WHOLE, Key, Span
from daylight.domain.media import Kind
from daylight.domain.principal import Principal
from daylight.domain.redaction import Choice, Label, Plan, Word
from daylight.errors import MediaRefused, PlanRefused, RedactionFailed
from daylight.media import mask_task
from daylight.media.executor import TaskLimits
from daylight.services.redact import check_unchanged, duration_of, facts_of
from daylight.services.studio import desk, size_of
from daylight.services.watch import Player, mark_of
from daylight.services.workspace import Workspace

BEFORE: Final = 1_000_000  # microseconds
AFTER: Final = 5_000_000
LIMITS: Final = TaskLimits(
    wall_seconds=240.0,  # what a container cannot be searched by time is decoded from its beginning
    cpu_seconds=480,
    message_bytes=64 << 20,
    total_bytes=256 << 20,
)
_MARK: Final = (1_800, 72), (1_200, 34)  # wide, high: ten-thousandths, at least so many pixels


@dataclass(frozen=True, slots=True)
class Preview:
    """``span``: of the original, in microseconds; ``version``: of the plan; ``pictures``: how many."""

    data: bytes
    media_type: str
    span: Span
    version: int
    pictures: int


def preview(
    ws: Workspace,
    player: Player,
    principal: Principal,
    item: ItemView,
    at_us: int,
    within: tuple[int, int] | None,
    *,
    heard: bool,
) -> Preview:
    """``within``: what the shield was lifted for; ``heard``: whether the sound was asked for.

    Raises ``MediaRefused``, ``PlanRefused``, ``RedactionFailed``, ``StoreCorrupt``: then nothing is shown.
    """
    stands = desk(principal, item)
    if stands.found is None:
        raise PlanRefused("there is no plan of it yet")
    plan, version = stands.found.plan, stands.version
    if stands.facts.kind is Kind.AUDIO:
        raise MediaRefused("it has no pictures")
    still = stands.facts.kind is Kind.IMAGE
    span = Span(0, 1) if still else _span(plan, at_us, within, duration_of(stands.facts))
    if still:  # it has no moments: which corner, the clock says
        at_us = int(ws.clock().timestamp()) * 1_000_000
    shown = _marked(ws, principal, plan, at_us, size_of(stands.facts))
    if still:
        return _still(ws, player, principal, item, shown, version)
    shown = replace(shown, span=span, sound=plan.sound if heard else ())
    return _film(ws, player, principal, item, shown, version)


def _span(plan: Plan, at_us: int, within: tuple[int, int] | None, length_us: int) -> Span:
    """Of what goes out, and of what may be seen now."""
    start, end = max(0, at_us - BEFORE), min(length_us, at_us + AFTER)
    if plan.span is not None:
        start, end = max(start, plan.span.start_us), min(end, plan.span.end_us)
    if within is not None:
        start, end = max(start, within[0]), min(end, within[1])
    if start >= end:
        raise PlanRefused("this moment does not go out, or the shield is not lifted there")
    return Span(start, end)


def _marked(
    ws: Workspace, principal: Principal, plan: Plan, at_us: int, size: tuple[int, int]
) -> Plan:
    """With the number of whoever looks in the pixels."""
    text = mark_of(principal.agent, ws.clock())
    names = {one.name for one in plan.labels} | {one.name for one in plan.regions}
    name = next(name for n in count(1) if (name := f"viewer-{n}") not in names)
    mark = Label(
        name, _corner(size, at_us), Choice.REPLACE, text, Word(principal.agent, "looks at it")
    )
    return replace(plan, labels=(*plan.labels, mark))


def _corner(size: tuple[int, int], at_us: int) -> Key:
    """At the top right, a second later at the bottom left."""
    wide, high = (
        min(WHOLE, max(share, -(-pixels * WHOLE // side)))
        for (share, pixels), side in zip(_MARK, size, strict=True)
    )
    if at_us // 1_000_000 % 2:
        return Key(0, 0, WHOLE - high, wide, high)
    return Key(0, WHOLE - wide, 0, wide, high)


def _film(
    ws: Workspace, player: Player, principal: Principal, item: ItemView, plan: Plan, version: int
) -> Preview:
    stored = facts_of(principal, item)
    media, made = ws.store.open_fd(item.digest), os.memfd_create("preview", os.MFD_CLOEXEC)
    try:
        check_unchanged(media, plan)
        with os.fdopen(os.dup(made), "w+b") as file:
            rendered = mask_task.render(player.slots(), stored, plan, media, file, LIMITS)
            file.flush()
        checked = mask_task.check(player.slots(), rendered, plan, (), made, stored)
        if checked.faults:
            raise RedactionFailed(f"what was made did not pass its check: {checked.faults[0]}")
        data = os.pread(made, os.fstat(made).st_size, 0)
    finally:
        os.close(media)
        os.close(made)
    film = rendered.film
    end = film.first_us if plan.span is None else plan.span.end_us
    return Preview(
        data, "video/mp4", Span(film.first_us, max(film.first_us, end)), version, film.pictures
    )


def _still(
    ws: Workspace, player: Player, principal: Principal, item: ItemView, plan: Plan, version: int
) -> Preview:
    stored = facts_of(principal, item)
    media = ws.store.open_fd(item.digest)
    try:
        check_unchanged(media, plan)
        still = mask_task.render_still(player.slots(), stored, plan, media, "JPEG")
    finally:
        os.close(media)
    return Preview(still.data, "image/jpeg", Span(0, 1), version, 1)
