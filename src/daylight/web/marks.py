"""Saying what one saw: the panel of an item, and everything that is done from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daylight.catalogue.queries.items import ItemView
from daylight.catalogue.queries.items import item as item_of
from daylight.catalogue.queries.marks import (
    Inherited,
    MarkView,
    mark,
    marks_named,
    waiting_calls,
)
from daylight.catalogue.queries.people import names_of
from daylight.domain.marks import NOTES, SEVERITIES, Kind, Sureness, region_json
from daylight.domain.principal import Principal, Right
from daylight.errors import Forbidden, MarkChanged, UsageError
from daylight.services import marks
from daylight.services.workspace import Workspace
from daylight.web.asked import Asked, in_part, text
from daylight.web.before import before_words, playable
from daylight.web.saying import problem, said_in, tried, written
from daylight.web.spoken import Spoken, spoken_of

_CHOICES: Final = {
    "notes": NOTES,
    "severities": SEVERITIES,
    "surenesses": [one.value for one in Sureness],
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A mark as the panel shows it. ``mine``: whoever asks has written of it. ``form``: what its form
    for changing is called.
    """

    mark: MarkView
    author: str
    mine: bool
    confirmed_by: tuple[str, ...]
    comments: tuple[tuple[str, Any], ...]
    start: str
    end: str
    region: str

    @property
    def form(self) -> str:
        return f"change-{self.mark.public_id}"


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in a form that was not kept: nothing that somebody typed is lost."""

    kind: str
    problem: str
    values: QueryDict
    other: MarkView | None = None  # what somebody else wrote in between

    @property
    def notes(self) -> list[str]:
        return self.values.getlist("note")


@require_safe
def panel(request: Asked, public_id: str) -> HttpResponse:
    view = _item(request, public_id)
    if not in_part(request):
        return redirect("item", public_id)
    return render(
        request, "item/marks.html", panel_words(request, view, spoken_of(request.principal, view))
    )


@require_POST
def make(request: Asked, public_id: str) -> HttpResponse:
    """A mark, a description or a severity on an item."""
    kind = text(request.POST, "kind", 20)
    if kind not in list(Kind):
        raise Http404

    def act() -> None:
        said = said_in(request.POST)
        marks.make(request.workspace, request.principal, public_id, Kind(kind), said)

    wrong = _tried(act)
    return _answer(request, public_id, Form(kind, wrong, request.POST) if wrong else None)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Asked, mark_id: str) -> HttpResponse:
    """The form, or a further version; where somebody was quicker both are shown, and nothing is kept."""
    request.principal.require(Right.MARK)
    known = _known(request, mark_id)
    if request.method != "POST":
        one = _shown(request, known, {})
        name = f"item/mark_change{'' if in_part(request) else '_page'}.html"
        return render(request, name, {"one": one, "item": _item(request, known.item), **_CHOICES})
    base = text(request.POST, "version", 9)
    if not base.isascii() or not base.isdigit():
        raise Http404
    try:
        said = said_in(request.POST)
        marks.change(request.workspace, request.principal, mark_id, int(base), said)
    except Forbidden:
        raise
    except MarkChanged:
        other = _known(request, mark_id)
        return _answer(request, known.item, Form(f"change-{mark_id}", "", request.POST, other))
    except UsageError as error:
        form = Form(f"change-{mark_id}", problem(error), request.POST)
        return _answer(request, known.item, form)
    return _answer(request, known.item, None)


@require_POST
def confirm(request: Asked, mark_id: str) -> HttpResponse:
    known = _known(request, mark_id)
    version = text(request.POST, "version", 9)
    number = int(version) if version.isascii() and version.isdigit() else known.newest.number
    return _done(
        request,
        known,
        lambda: marks.confirm(request.workspace, request.principal, mark_id, number),
    )


@require_POST
def withdraw(request: Asked, mark_id: str) -> HttpResponse:
    return _with_words(request, mark_id, marks.withdraw)


@require_POST
def comment(request: Asked, mark_id: str) -> HttpResponse:
    return _with_words(request, mark_id, marks.comment)


@require_POST
def call(request: Asked, mark_id: str) -> HttpResponse:
    """Somebody may be in danger today."""
    return _with_words(request, mark_id, marks.call)


def _with_words(
    request: Asked, mark_id: str, act: Callable[[Workspace, Principal, str, str], object]
) -> HttpResponse:
    known, words = _known(request, mark_id), text(request.POST, "words", 6000)
    return _done(request, known, lambda: act(request.workspace, request.principal, mark_id, words))


@require_safe
def urgent(request: Asked) -> HttpResponse:
    """The short queue: where somebody may be in danger."""
    return _urgent(request, "")


@require_POST
def settle(request: Asked, call_id: str) -> HttpResponse:
    words = text(request.POST, "words", 6000)
    wrong = _tried(lambda: marks.settle(request.workspace, request.principal, call_id, words))
    return _urgent(request, wrong) if wrong else redirect("urgent")


def panel_words(
    request: Asked, view: ItemView, spoken: Spoken, form: Form | None = None
) -> dict[str, Any]:
    """What ``item/marks.html`` needs."""
    names = names_of(_agents([*spoken.own, *(one.mark for one in spoken.copies)]))
    return {
        "item": view,
        "marks": [_shown(request, one, names) for one in spoken.own],
        "inherited": [_carried(one) for one in spoken.copies],
        "form": form,
        **_CHOICES,
    }


def _item(request: Asked, public_id: str) -> ItemView:
    view = item_of(request.principal, public_id)
    if view is None:
        raise Http404
    return view


def _answer(request: Asked, public_id: str, form: Form | None) -> HttpResponse:
    if form is None and not in_part(request):
        return redirect(f"{reverse('item', args=[public_id])}#marks")
    view = _item(request, public_id)
    spoken = spoken_of(request.principal, view)
    words = panel_words(request, view, spoken, form)
    told = in_part(request) and playable(view) and request.principal.may(Right.WATCH)
    if told:  # what is told before it plays may be another now
        words |= {"told_afresh": True, "before": before_words(request, public_id, spoken)}
    return render(request, f"item/{'marks' if in_part(request) else 'unsaid'}.html", words)


def _done(request: Asked, known: MarkView, act: Callable[[], object]) -> HttpResponse:
    wrong = _tried(act)
    form = Form(f"act-{known.public_id}", wrong, request.POST) if wrong else None
    return _answer(request, known.item, form)


def _tried(act: Callable[[], object]) -> str:
    try:
        return tried(act)
    except KeyError:
        raise Http404 from None


def _known(request: Asked, mark_id: str) -> MarkView:
    found = mark(request.principal, mark_id)
    if found is None:
        raise Http404
    return found


def _urgent(request: Asked, wrong: str) -> HttpResponse:
    calls = waiting_calls(request.principal)
    names = names_of(one.agent for one in calls)
    found = marks_named(request.principal, [one.mark for one in calls])
    words = {
        "calls": [(one, names.get(one.agent, ""), found[one.mark]) for one in calls],
        "problem": wrong,
    }
    return render(request, "urgent.html", words)


def _agents(found: Sequence[MarkView]) -> set[str]:
    return {
        agent
        for one in found
        for version in one.versions
        for agent in (version.agent, *version.confirmed_by)
    } | {said.agent for one in found for said in one.comments}


def _shown(request: Asked, one: MarkView, names: dict[str, str]) -> Shown:
    span = one.said.span
    return Shown(
        mark=one,
        author=names.get(one.newest.agent, ""),
        mine=any(version.agent == request.principal.agent for version in one.versions),
        confirmed_by=tuple(names.get(agent, "") for agent in one.newest.confirmed_by),
        comments=tuple((names.get(said.agent, ""), said) for said in one.comments),
        start=written(None if span is None else span.start_us),
        end=written(None if span is None else span.end_us),
        region=str(region_json(one.said.region)),
    )


def _carried(one: Inherited) -> tuple[Inherited, str, str]:
    if one.span is None:
        return one, "", ""
    return one, written(one.span.start_us), written(one.span.end_us)
