"""What is told before anything plays: how hard it is to see, what comes when, who has described it."""

from dataclasses import dataclass
from typing import Final

from daylight.catalogue.queries.items import ItemView
from daylight.catalogue.queries.people import colleagues, names_of
from daylight.catalogue.queries.review import StandingView, TaskView, standing_of, tasks_of_item
from daylight.domain.marks import Kind, Said, Span
from daylight.domain.principal import Right
from daylight.web.asked import Asked
from daylight.web.saying import written
from daylight.web.spoken import Spoken

_PLAYABLE: Final = ("video", "audio")


@dataclass(frozen=True, slots=True)
class Warned:
    """One severity: its span as text, empty for the whole item. ``copied``: it was said of a copy."""

    start: str
    end: str
    said: Said
    copied: bool


@dataclass(frozen=True, slots=True)
class Before:
    """``descriptions``: start, end, words. ``mine``: one's own open task. ``others``: names and tasks."""

    standing: StandingView
    warnings: tuple[Warned, ...]
    descriptions: tuple[Warned, ...]
    mine: TaskView | None
    others: tuple[tuple[str, TaskView], ...]
    colleagues: tuple[str, ...]


def playable(view: ItemView) -> bool:
    """Whether it has a player, and so a place where all this is told."""
    whole = view.state != "unreadable" or view.rendition("salvage") is not None
    return view.kind in _PLAYABLE and whole


def before_words(request: Asked, public_id: str, said: Spoken) -> Before:
    spoken = [(one.kind, one.said.span, one.said, False) for one in said.own]
    spoken += [(one.mark.kind, one.span, one.mark.said, True) for one in said.copies]
    tasks = [
        one for one in tasks_of_item(request.principal, public_id) if one.ended in {"", "reviewed"}
    ]
    names = names_of(one.agent for one in tasks)
    me = request.principal.agent
    may_give = request.principal.may(Right.ASSIGN)
    return Before(
        standing=standing_of(request.principal, public_id),
        warnings=_of(Kind.SEVERITY, spoken),
        descriptions=_of(Kind.DESCRIPTION, spoken),
        mine=next((one for one in tasks if one.agent == me and not one.ended), None),
        others=tuple((names.get(one.agent, ""), one) for one in tasks if one.agent != me),
        colleagues=_others(request) if may_give else (),
    )


def _others(request: Asked) -> tuple[str, ...]:
    me = request.user.get_username()
    return tuple(name for name in colleagues(request.principal) if name != me)


def _of(kind: Kind, spoken: list[tuple[Kind, Span | None, Said, bool]]) -> tuple[Warned, ...]:
    return tuple(
        Warned(
            written(span.start_us) if span else "",
            written(span.end_us) if span else "",
            said,
            copied,
        )
        for one, span, said, copied in spoken
        if one is kind
    )
