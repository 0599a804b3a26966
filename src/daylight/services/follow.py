"""Following what a person drew, for a plan: in the sandbox, on the original, one region at a time."""

import os
from typing import Any, Final

from daylight.catalogue.queries.items import ItemView
from daylight.domain.marks import MAX_US
from daylight.domain.media import Kind
from daylight.domain.plan_fields import key_of
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.domain.redaction import Plan
from daylight.domain.redaction_follow import Followed, Point, Stretch, asked, followed, stretch
from daylight.domain.tracks import Basis
from daylight.errors import MediaRefused, PlanRefused
from daylight.media.executor import Executor, Message, Task
from daylight.media.facts_json import from_json
from daylight.media.mask_follow import PROGRAM
from daylight.media.mask_task import check_done, limits
from daylight.services.redact import check_unchanged, duration_of, facts_of
from daylight.services.workspace import Workspace

_MOST_KEYS: Final = 200_000
_MADE: Final = frozenset({Basis.FOLLOWED, Basis.CLOSED, Basis.LOST})


def follow_asked(
    ws: Workspace, principal: Principal, item: ItemView, plan: Plan, progress: Progress
) -> Plan:
    """The plan once all was followed that it asks for (key frames of the basis ``follow``)."""
    wanted = asked(plan)
    if not wanted:
        return plan
    progress.total(amount=0, steps=len(wanted))
    with ws.start_executor(1) as executor:
        for name, at_us in wanted:
            where = stretch(plan, name, at_us, _length(principal, item))
            found = find(ws, principal, item, executor, where, progress)
            plan = followed(plan, name, where, found, _length(principal, item))
            progress.advance(steps=1)
    return plan


def _length(principal: Principal, item: ItemView) -> int:
    return duration_of(from_json(facts_of(principal, item)))


def find(
    ws: Workspace,
    principal: Principal,
    item: ItemView,
    executor: Executor,
    where: Stretch,
    progress: Progress,
) -> Followed:
    """Where it is before and after it was drawn. Raises ``MediaRefused``, ``StoreCorrupt``."""
    principal.require(Right.WATCH)
    stored, heard = facts_of(principal, item), _Heard(where, progress)
    if from_json(stored).kind is not Kind.VIDEO:
        raise MediaRefused("only in a film something can be followed")
    box = where.drawn
    request: dict[str, Any] = {
        "facts": stored,
        "box": [box.left, box.top, box.width, box.height],
        "at": box.at_us,
        "first": where.first,
        "last": where.last,
    }
    media = ws.store.open_fd(item.digest)
    try:
        check_unchanged(media, Plan(item.digest))
        check_done(executor.run(Task(PROGRAM, request, [media], limits(stored)), heard.hear))
    finally:
        os.close(media)
    if heard.found is None:
        raise _nonsense()
    return heard.found


class _Heard:
    """What the program sent, checked."""

    def __init__(self, where: Stretch, progress: Progress) -> None:
        self._where, self._progress = where, progress
        self.found: Followed | None = None

    def hear(self, message: Message) -> None:
        facts = message.untrusted_facts
        if self.found is not None or not isinstance(facts, dict) or message.untrusted_payload:
            raise _nonsense()
        if message.untrusted_kind == "reached" and type(facts.get("at")) is int:
            self._progress.say(f"{max(0, min(MAX_US, facts['at'])) // 1_000_000} s")
            return
        if message.untrusted_kind != "followed":
            raise _nonsense()
        at, where = self._where.drawn.at_us, self._where
        self.found = Followed(
            _points(facts.get("back"), where.first, at - 1),
            _points(facts.get("on"), at + 1, where.last),
        )


def _points(value: Any, first: int, last: int) -> tuple[Point, ...]:
    """Rising in time, within these moments, in the picture."""
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
        raise _nonsense()
    made = tuple(_point(one) for one in keys)
    times = [one.key.at_us for one in made]
    if times != sorted(set(times)):
        raise _nonsense()
    return tuple(one for one in made if first <= one.key.at_us <= last)


def _point(value: Any) -> Point:
    if (
        not isinstance(value, list)
        or len(value) != 6
        or value[5] not in {one.value for one in _MADE}
    ):
        raise _nonsense()
    try:
        return Point(key_of(value[:5], "what was followed"), Basis(value[5]))
    except PlanRefused as error:
        raise _nonsense() from error


def _nonsense() -> MediaRefused:
    return MediaRefused("the worker sent what makes no sense: where something is")
