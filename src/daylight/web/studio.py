"""The studio: a recording with its masks over it, the list of what is covered, and each decision on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daylight.catalogue.queries.items import ItemView
from daylight.catalogue.queries.people import names_of
from daylight.domain.marks import MAX_US, Span
from daylight.domain.media import Kind
from daylight.domain.redaction import Plan, Region, State, Word
from daylight.domain.redaction_edit import by_doubt
from daylight.domain.redaction_follow import lost
from daylight.domain.tracks import Basis
from daylight.errors import MarkChanged, PlanRefused, UsageError
from daylight.media.mask_paths import Path
from daylight.services import studio
from daylight.services.redact import duration_of
from daylight.web.asked import Asked, in_part, text
from daylight.web.item import seen, viewer_words
from daylight.web.jobs import FOLLOW, TEXT, made_by
from daylight.web.saying import written
from daylight.web.spoken import spoken_of
from daylight.web.studio_form import (
    FINDING,
    FOLLOWED,
    GOING_BACK,
    STARTING,
    TEXTS,
    act_of,
    number_in,
)

ROWS: Final = (
    300  # regions that are listed at once, and all that were drawn; others once these are decided
)
_SHOWN_US: Final = 10_000  # times in the list
_VERSIONS: Final = 20  # that can be taken again from the page
_GAPS: Final = 60  # gaps of one region that are drawn


@dataclass(frozen=True, slots=True)
class Row:
    """A region as the list shows it. ``start``, ``end``: as text, empty for all the time; ``gaps``: of its
    key frames those that no detection stands behind; ``closed``: where, in microseconds; ``lost``: when, as text.
    """

    region: Region
    decided: bool
    by: str
    score: int
    gaps: int
    closed: str
    lost: tuple[str, ...]
    start: str
    end: str
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in a form that was not kept."""

    act: str
    problem: str
    values: QueryDict
    conflict: bool = False


@require_safe
def show(request: Asked, public_id: str) -> HttpResponse:
    view = seen(request, public_id)
    studio.require(request.principal)
    return _page(request, view, None)


@require_safe
def masks(request: Asked, public_id: str) -> HttpResponse:
    """JSON ``masks/1``: what covers between ``from`` and ``to`` (microseconds), as it will be rendered."""
    view = seen(request, public_id)
    studio.require(request.principal)
    start, end = _us(request, "from", 0), _us(request, "to", studio.LONGEST_WINDOW)
    if end <= start:
        raise Http404
    told = studio.masks(request.principal, view, Span(start, end))
    return JsonResponse(
        {
            "schema": "masks/1",
            "version": told.version,
            "size": list(told.size),
            "fill": list(told.fill),
            "blank": [[one.start_us, one.end_us] for one in told.blank],
            "paths": [_path(one, told.states) for one in told.paths],
        },
        json_dumps_params={"separators": (",", ":")},
    )


@require_POST
def act(request: Asked, public_id: str) -> HttpResponse:
    """One thing done to the plan; a further version of it. What is not kept stands in the form again."""
    view = seen(request, public_id)
    studio.require(request.principal)
    what = text(request.POST, "act", 20)
    try:
        made = _act(request, view, what)
    except MarkChanged:
        return _answer(request, view, Form(what, "", request.POST, conflict=True))
    except (PlanRefused, UsageError):
        return _answer(request, view, Form(what, _problem(), request.POST))
    return _answer(request, view, None, made)


def _act(request: Asked, view: ItemView, what: str) -> str:
    """The name of what was drawn, else nothing."""
    ws, principal = request.workspace, request.principal
    if what == STARTING:
        studio.begin(ws, principal, view, by_hand=request.POST.get("how") == "hand")
        return ""
    base = number_in(request.POST, "base")
    if what == FINDING:
        studio.add_found(ws, principal, view, base)
        return ""
    if what == GOING_BACK:
        studio.as_before(ws, principal, view, base, number_in(request.POST, "number"))
        return ""
    if what in _TAKEN:
        return _TAKEN[what](request, view, base)
    length = duration_of(studio.desk(principal, view).facts)
    wanted = act_of(request.POST, principal.agent, length)
    studio.change(ws, principal, view, base, wanted)
    return wanted.made


def _take_followed(request: Asked, view: ItemView, base: int) -> str:
    """What a job of theirs found; the name of the region."""
    made = made_by(request, view.public_id, text(request.POST, "job", 40), FOLLOW)
    if made is None:
        raise PlanRefused("nothing was followed, or it is kept no longer")
    name, where, found = made
    studio.take_followed(request.workspace, request.principal, view, base, name, where, found)
    return str(name)


def _take_texts(request: Asked, view: ItemView, base: int) -> str:
    made = made_by(request, view.public_id, text(request.POST, "job", 40), TEXT)
    if made is None:
        raise PlanRefused("nothing was looked for, or it is kept no longer")
    studio.take_texts(request.workspace, request.principal, view, base, made)
    return ""


_TAKEN: Final = {FOLLOWED: _take_followed, TEXTS: _take_texts}


def _answer(request: Asked, view: ItemView, form: Form | None, made: str = "") -> HttpResponse:
    if in_part(request):
        return render(request, "redact/plan.html", panel_words(request, view, form, made))
    if form is None:
        return redirect("studio", view.public_id)
    return _page(request, view, form)


def _page(request: Asked, view: ItemView, form: Form | None) -> HttpResponse:
    spoken = spoken_of(request.principal, view)
    words = {
        **viewer_words(request, view, {}, spoken),
        **panel_words(request, view, form),
    }
    return render(request, "redact/page.html", words)


def panel_words(
    request: Asked, view: ItemView, form: Form | None, made: str = ""
) -> dict[str, Any]:
    """What ``redact/plan.html`` needs."""
    desk = studio.desk(request.principal, view)
    words: dict[str, Any] = {"item": view, "desk": desk, "form": form, "made": made}
    words["looked_at"] = studio.was_looked_at(request.workspace, view)
    if desk.found is None:
        return words
    plan, older = desk.found.plan, desk.found.versions[:-1][-_VERSIONS:]
    names = names_of(_deciders(plan) | {one.agent for one in older})
    shown = by_doubt(plan)
    listed = [one for place, one in enumerate(shown) if place < ROWS or one.by_hand]
    return {
        **words,
        "plan": plan,
        "rows": [_row(one, names) for one in listed],
        "further": len(shown) - len(listed),
        "every_name": [one.name for one in shown],
        "older": [(one, names.get(one.agent, "")) for one in reversed(older)],
        "everyone_by": _name(plan.everyone, names),
        "whole": [_span(one.span, one.word, names) for one in plan.whole],
        "demands": [(_span(one.span, one.word, names), one) for one in plan.demands],
        "sounds": [(_span(one.span, one.word, names), one) for one in plan.sound],
        "labels": [(one, _name(one.word, names)) for one in plan.labels],
        "has_pictures": desk.facts.kind is not Kind.AUDIO,
        "has_sound": desk.facts.audio is not None,
        "length_us": duration_of(desk.facts),
        "open_regions": sum(not one.decided for one in plan.regions),
    }


def _row(region: Region, names: dict[str, str]) -> Row:
    closed = _closed(region)
    always = region.by_hand and len(region.keys) == 1
    first, last = region.keys[0].at_us, region.keys[-1].at_us
    opens = always or (region.by_hand and region.bases[:1] == (Basis.KEPT,))
    ends = always or (region.by_hand and region.bases[-1:] == (Basis.KEPT,))
    return Row(
        region=region,
        decided=region.decided,
        by=_name(region.word, names),
        score=round(100 * region.score),
        gaps=sum(one is Basis.CLOSED for one in region.bases),
        closed=" ".join(f"{start}-{end}" for start, end in closed[:_GAPS]),
        lost=tuple(written(at // _SHOWN_US * _SHOWN_US) for at in lost(region)),
        start="" if opens else written(first // _SHOWN_US * _SHOWN_US),
        end="" if ends else written(last // _SHOWN_US * _SHOWN_US),
        first_us=0 if opens else first,
        last_us=MAX_US if ends else last,
    )


def _closed(region: Region) -> list[tuple[int, int]]:
    """Stretches of key frames that no detection stands behind."""
    found: list[tuple[int, int]] = []
    begun: int | None = None
    for key, basis in zip(region.keys, region.bases, strict=bool(region.bases)):
        if basis is Basis.CLOSED:
            begun = key.at_us if begun is None else begun
        elif begun is not None:
            found.append((begun, key.at_us))
            begun = None
    return found if begun is None else [*found, (begun, region.keys[-1].at_us)]


def _deciders(plan: Plan) -> set[str]:
    words = [plan.everyone]
    words += [one.word for one in plan.regions]
    words += [one.word for one in plan.labels]
    words += [one.word for one in plan.whole]
    words += [one.word for one in plan.sound]
    words += [one.word for one in plan.demands]
    return {word.by for word in words}


def _name(word: Word, names: dict[str, str]) -> str:
    """Of a person of the room; else what stands there."""
    return names.get(word.by, word.by)


def _span(span: Span, word: Word, names: dict[str, str]) -> dict[str, str]:
    return {
        "start": written(span.start_us),
        "end": written(span.end_us),
        "by": _name(word, names),
        "why": word.why,
    }


def _path(one: Path, states: Mapping[str, State]) -> dict[str, Any]:
    """``points``: six numbers for each, end to end: many small lists would be half brackets."""
    return {
        "name": one.name,
        "state": states.get(one.name, State.COVERED).value,
        "shape": one.shape.value,
        "corners": [list(corner) for corner in one.corners],
        "first": one.first,
        "last": one.last,
        "points": [number for point in one.points for number in point],
    }


def _us(request: Asked, name: str, otherwise: int) -> int:
    typed = text(request.GET, name, 20)
    if not typed:
        return otherwise
    if not (typed.isascii() and typed.isdecimal()) or int(typed) > MAX_US:
        raise Http404
    return int(typed)


def _problem() -> str:
    return _(
        "This cannot be kept. What stays visible, is no face, or is kept of the sound needs a reason; times "
        "stand as 1:02:03.5, and the end is after the beginning; what is drawn lies in the picture."
    )
