"""Saying what one saw: the panel of an item, and everything that is done from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from daylight.catalogue.queries.items import item as item_of
from daylight.catalogue.queries.marks import (
    Inherited,
    MarkView,
    inherited,
    mark,
    marks_of,
    waiting_calls,
)
from daylight.catalogue.queries.people import names_of
from daylight.domain.marks import NOTES, SEVERITIES, Kind, Sureness, region_json
from daylight.errors import Forbidden, MarkChanged, UsageError
from daylight.services import marks
from daylight.web.asked import Asked, in_part, text
from daylight.web.saying import problem, said_in, tried, written


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
    words = panel_words(request, public_id)
    return (
        render(request, "item/marks.html", words)
        if in_part(request)
        else redirect("item", public_id)
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


@require_POST
def change(request: Asked, mark_id: str) -> HttpResponse:
    """A further version; where somebody was quicker both are shown, and nothing is kept yet."""
    known = _known(request, mark_id)
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
    known, words = _known(request, mark_id), text(request.POST, "words", 6000)
    return _done(
        request,
        known,
        lambda: marks.withdraw(request.workspace, request.principal, mark_id, words),
    )


@require_POST
def comment(request: Asked, mark_id: str) -> HttpResponse:
    known, words = _known(request, mark_id), text(request.POST, "words", 6000)
    return _done(
        request,
        known,
        lambda: marks.comment(request.workspace, request.principal, mark_id, words),
    )


@require_POST
def call(request: Asked, mark_id: str) -> HttpResponse:
    """Somebody may be in danger today."""
    known, words = _known(request, mark_id), text(request.POST, "words", 6000)
    return _done(
        request, known, lambda: marks.call(request.workspace, request.principal, mark_id, words)
    )


@require_safe
def urgent(request: Asked) -> HttpResponse:
    """The short queue: where somebody may be in danger."""
    return _urgent(request, "")


@require_POST
def settle(request: Asked, call_id: str) -> HttpResponse:
    words = text(request.POST, "words", 6000)
    wrong = _tried(lambda: marks.settle(request.workspace, request.principal, call_id, words))
    return _urgent(request, wrong) if wrong else redirect("urgent")


def panel_words(request: Asked, public_id: str, form: Form | None = None) -> dict[str, Any]:
    """What ``item/marks.html`` needs. ``Http404`` for an item that is not seen."""
    view = item_of(request.principal, public_id)
    if view is None:
        raise Http404
    own = marks_of(request.principal, public_id)
    copies = inherited(request.principal, public_id, view.digest)
    names = names_of(_agents([*own, *(one.mark for one in copies)]))
    return {
        "item": view,
        "marks": [_shown(request, one, names) for one in own],
        "inherited": [_carried(one) for one in copies],
        "form": form,
        "notes": NOTES,
        "severities": SEVERITIES,
        "surenesses": [one.value for one in Sureness],
    }


def _panel(request: Asked, public_id: str, form: Form | None = None) -> HttpResponse:
    return render(request, "item/marks.html", panel_words(request, public_id, form))


def _answer(request: Asked, public_id: str, form: Form | None) -> HttpResponse:
    if in_part(request):
        return _panel(request, public_id, form)
    if form is None:
        return redirect(f"{reverse('item', args=[public_id])}#marks")
    return render(request, "item/unsaid.html", panel_words(request, public_id, form))


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
    found = {one.mark: mark(request.principal, one.mark) for one in calls}
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
