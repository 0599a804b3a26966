"""What is told before anything plays: how hard it is to see, what comes when, who has described it."""

from dataclasses import dataclass

from daylight.catalogue.queries.marks import inherited, marks_of
from daylight.catalogue.queries.people import colleagues, names_of
from daylight.catalogue.queries.review import StandingView, TaskView, standing_of, tasks_of_item
from daylight.domain.digest import Digest
from daylight.domain.marks import Kind, Said, Span
from daylight.domain.principal import Right
from daylight.web.asked import Asked
from daylight.web.saying import written


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


def before_words(request: Asked, public_id: str, digest: Digest) -> Before:
    own = marks_of(request.principal, public_id)
    copies = inherited(request.principal, public_id, digest)
    spoken = [(one.kind, one.said.span, one.said, False) for one in own]
    spoken += [(one.mark.kind, one.span, one.mark.said, True) for one in copies]
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
