"""One's own desk: what one has taken, what waits, how far each collection is."""

from collections.abc import Callable

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from daylight.catalogue.queries.marks import waiting_calls
from daylight.catalogue.queries.people import colleagues, names_of
from daylight.catalogue.queries.review import (
    Offer,
    Tasks,
    handed_over,
    my_tasks,
    offers,
    shares,
)
from daylight.domain.exposure import HARDEST, Today
from daylight.domain.marks import NOTES
from daylight.domain.principal import Principal, Right
from daylight.services import review
from daylight.web import own
from daylight.web.asked import Asked, text
from daylight.web.saying import tried

_ALL = "4"  # the highest severity: everything is offered


@require_safe
def show(request: Asked) -> HttpResponse:
    """What to do next. ``at_most`` and ``without`` narrow what is offered, today and for this person."""
    request.principal.require(Right.SEE_ITEMS)
    return _page(request, "")


def _page(request: Asked, wrong: str) -> HttpResponse:
    at_most = text(request.GET, "at_most", 2) or _ALL
    without = [one for one in request.GET.getlist("without") if one in NOTES]
    wish = own.wish_of(request)
    may = request.principal.may(Right.WATCH)
    limit = int(at_most) if at_most in {"0", "1", "2", "3"} else HARDEST
    mine, back = my_tasks(request.principal), _waiting(request.principal, wish)
    words = {
        "mine": mine,
        "handed_over": back,
        "offers": _offered(request.principal, limit, without, wish if may else None),
        "wish": wish,
        "shares": shares(request.principal),
        "calls": len(waiting_calls(request.principal)),
        "names": names_of(
            {one.given_by for one in mine.listed} | {one.agent for one in back.listed}
        ),
        "at_most": at_most,
        "without": without,
        "notes": NOTES,
        "problem": wrong,
    }
    return render(request, "desk.html", words)


def _waiting(principal: Principal, wish: Today | None) -> Tasks:
    """What was handed over, without what one does not want today: that is told by its number alone."""
    if wish is None or wish.at_most < 0:
        everything = handed_over(principal)
        return Tasks((), everything.further + len(everything.listed))
    return handed_over(principal, at_most=_limit(wish.at_most), without=wish.without)


def _offered(
    principal: Principal, limit: int, without: list[str], wish: Today | None
) -> tuple[Offer, ...]:
    """What is asked for now, and not what one does not want today."""
    if wish is None or wish.at_most < 0:
        return ()
    narrowed = sorted({*without, *wish.without})
    return offers(principal, at_most=_limit(min(limit, wish.at_most)), without=narrowed)


def _limit(at_most: int) -> int | None:
    """None where everything may be offered."""
    return None if at_most >= HARDEST else at_most


@require_POST
def take(request: Asked, public_id: str) -> HttpResponse:
    """Say that one goes through an item, and open it."""
    reason = text(request.POST, "reason", 2000)
    return _then(
        request,
        public_id,
        lambda: review.take(request.workspace, request.principal, public_id, reason),
    )


@require_POST
def give(request: Asked, public_id: str) -> HttpResponse:
    name, reason = text(request.POST, "username", 150), text(request.POST, "reason", 2000)
    return _then(
        request,
        public_id,
        lambda: review.give(request.workspace, request.principal, public_id, name, reason),
    )


@require_POST
def end(request: Asked, public_id: str) -> HttpResponse:
    how = text(request.POST, "how", 20)
    answer = _then(
        request,
        public_id,
        lambda: review.end(request.workspace, request.principal, public_id, how),
    )
    return redirect("desk") if answer.status_code == 302 else answer


def _then(request: Asked, public_id: str, act: Callable[[], object]) -> HttpResponse:
    try:
        wrong = tried(act)
    except KeyError:
        raise Http404 from None
    if not wrong:
        return redirect(reverse("item", args=[public_id]))
    words = {"problem": wrong, "item": public_id, "colleagues": colleagues(request.principal)}
    return render(request, "untaken.html", words)
