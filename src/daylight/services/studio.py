"""Working on a plan in the review room: who may, what stands, beginning one and changing it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from daylight.catalogue.queries.items import ItemView
from daylight.catalogue.queries.redactions import PlanView, plan_of
from daylight.domain.marks import Span
from daylight.domain.media import MediaFacts
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Silent
from daylight.domain.redaction import Plan, State
from daylight.domain.redaction_follow import Followed, Stretch, followed, stretch
from daylight.domain.redaction_texts import Texts, with_texts
from daylight.errors import MarkChanged, MediaRefused, PlanRefused
from daylight.media.facts_json import from_json
from daylight.media.mask_paths import Path, blank, paths
from daylight.services import faces, redactions
from daylight.services.redact import draft, duration_of, facts_of, undecided_of
from daylight.services.redactions import Saved
from daylight.services.workspace import Workspace

RIGHTS: Final = (Right.WATCH, Right.REDACT)
LONGEST_WINDOW: Final = 120_000_000  # microseconds of masks that are told at once

Act = Callable[[Plan], Plan]


@dataclass(frozen=True, slots=True)
class Desk:
    """What stands: ``found`` is None where nobody has begun. ``undecided``: names, "pictures", "sound"."""

    facts: MediaFacts
    found: PlanView | None
    undecided: tuple[str, ...]

    @property
    def version(self) -> int:
        return 0 if self.found is None else self.found.newest.number


@dataclass(frozen=True, slots=True)
class Masks:
    """What covers within a window, and regions that do not. ``size``: upright pixels; ``blank``: when nothing
    at all is shown; ``states``: of regions, by name.
    """

    version: int
    size: tuple[int, int]
    fill: tuple[int, int, int]
    paths: tuple[Path, ...]
    blank: tuple[Span, ...]
    states: Mapping[str, State]


def require(principal: Principal) -> None:
    for right in RIGHTS:
        principal.require(right)


def desk(principal: Principal, item: ItemView) -> Desk:
    """``MediaRefused`` for what cannot be redacted: not examined, unreadable, neither film, sound nor picture."""
    require(principal)
    facts = from_json(facts_of(principal, item))
    found = plan_of(principal, item.digest)
    return Desk(facts, found, () if found is None else undecided_of(found.plan, facts))


def was_looked_at(ws: Workspace, item: ItemView) -> bool:
    """Whether faces were looked for already, so that a draft takes no time."""
    try:
        return faces.kept_of(ws, item.digest) is not None
    except MediaRefused:
        return False


def begin(ws: Workspace, principal: Principal, item: ItemView, *, by_hand: bool) -> Saved:
    """The first version: of the faces that were found already, or of none. No model is run for it.

    ``PlanRefused`` where nobody has looked for faces yet; ``MarkChanged`` where there is a plan.
    """
    desk(principal, item)
    made = _drafted(ws, principal, item, by_hand=by_hand)
    return redactions.save(ws, principal, made, base=0)


def _drafted(ws: Workspace, principal: Principal, item: ItemView, *, by_hand: bool = False) -> Plan:
    """Of the faces that were found. ``PlanRefused`` where nobody has looked for any yet."""
    tracks = () if by_hand else faces.kept_of(ws, item.digest)
    if tracks is None:
        raise PlanRefused("nobody has looked for faces in it yet")
    return draft(ws, principal, item, lambda *_: tracks, Silent())


def change(ws: Workspace, principal: Principal, item: ItemView, base: int, act: Act) -> Saved:
    """Do one thing to the plan that whoever asks had before them, ``base``.

    ``MarkChanged`` where another version stands by now, ``PlanRefused`` for what makes no plan.
    """
    found = desk(principal, item).found
    if found is None or found.newest.number != base:
        raise MarkChanged("somebody else changed this plan while you worked")
    return redactions.save(ws, principal, act(found.plan), base=base)


def add_found(ws: Workspace, principal: Principal, item: ItemView, base: int) -> Saved:
    """Bring in faces that were looked for since; what people decided and drew stays. As :func:`change`."""
    made = _drafted(ws, principal, item)
    return change(ws, principal, item, base, lambda _: made)


def stretch_of(principal: Principal, item: ItemView, name: str, at_us: int) -> Stretch:
    """What is followed of a region drawn by hand, from the drawn moment nearest to this one."""
    stands = desk(principal, item)
    if stands.found is None:
        raise PlanRefused("there is no plan of it yet")
    return stretch(stands.found.plan, name, at_us, duration_of(stands.facts))


def take_followed(
    ws: Workspace,
    principal: Principal,
    item: ItemView,
    base: int,
    name: str,
    where: Stretch,
    found: Followed,
) -> Saved:
    """Keep what was followed. ``PlanRefused`` where it was drawn otherwise meanwhile; else as :func:`change`."""
    length = duration_of(desk(principal, item).facts)
    return change(
        ws, principal, item, base, lambda plan: followed(plan, name, where, found, length)
    )


def take_texts(
    ws: Workspace, principal: Principal, item: ItemView, base: int, found: Texts
) -> Saved:
    """Propose labels and text that were found: covered, and undecided. As :func:`change`."""
    return change(ws, principal, item, base, lambda plan: with_texts(plan, found))


def as_before(ws: Workspace, principal: Principal, item: ItemView, base: int, number: int) -> Saved:
    """Take the plan of an older version again, as a further one: nothing that was decided is lost. As :func:`change`."""
    older = plan_of(principal, item.digest, number)
    if older is None:
        raise PlanRefused("there is no such version")
    return change(ws, principal, item, base, lambda _: older.plan)


def masks(principal: Principal, item: ItemView, window: Span) -> Masks:
    """What covers within a window of time, as the renderer will; nothing, of version 0, where there is no plan."""
    stands = desk(principal, item)
    size = size_of(stands.facts)
    if stands.found is None:
        return Masks(0, size, (0, 0, 0), (), (), {})
    plan, end = stands.found.plan, min(window.end_us, window.start_us + LONGEST_WINDOW)
    told = paths(plan, *size, Span(window.start_us, end))
    states = {one.name: one.state for one in plan.regions}
    return Masks(stands.version, size, plan.fill, told, blank(plan), states)


def size_of(facts: MediaFacts) -> tuple[int, int]:
    """Pixels of the upright picture; of what has none, a square."""
    video = facts.video
    if video is None or not video.width or not video.height:
        return 1, 1
    turned = video.rotation % 180 != 0
    return (video.height, video.width) if turned else (video.width, video.height)
