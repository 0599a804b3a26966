"""One's own page: minutes unshielded, a budget, what one does not want today; and where to find help."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daylight.domain.exposure import HARDEST, LEVELS, MINUTE_US, MOST, PAUSE, Own, Today, without
from daylight.domain.marks import NOTES
from daylight.domain.principal import Right
from daylight.domain.views import View, day_of
from daylight.services import help_text, lockout, own, totals, view_audit
from daylight.web.asked import Asked, text
from daylight.web.saying import tried, written
from daylight.web.sitting import address_of

_DAYS: Final = 14
_SHOWN: Final = 200  # of one's own records


@dataclass(frozen=True, slots=True)
class Day:
    """``minutes``: level, minutes unshielded, the budget for it or None."""

    day: date
    minutes: tuple[tuple[str, int, int | None], ...]
    total: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One record of one's own: ``item`` is a public id, ``name`` the digits of its hash or empty."""

    view: View
    name: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Calm:
    """For the player: after how many seconds to say something, and how many there were today."""

    pause: int
    spent: int
    used_up: tuple[int, ...]


@require_safe
def show(request: Asked) -> HttpResponse:
    """Nobody but the person sees it: it opens with their own key alone."""
    secret = secret_of(request)
    if secret is None:
        words = {"has_key": own.has_key(request.principal.agent), "problem": ""}
        return render(request, "own/closed.html", words)
    return render(request, "own/page.html", _words(request, secret))


@require_POST
def unlock(request: Asked) -> HttpResponse:
    """Open one's own part by the password, in a session that began with a link."""
    user, name = request.user, request.user.get_username()
    password = request.POST.get("password", "")
    wait = lockout.attempt(request.workspace, name, address_of(request))
    if wait or not user.check_password(password):
        words = {"has_key": True, "problem": "wrong"}
        return render(request, "own/closed.html", words)
    lockout.succeeded(request.workspace, name)
    agent = request.principal.agent
    secret = own.opened(request.workspace, agent, password)
    request.views.opened(request.session.session_key or "", agent, secret)
    return redirect("own")


@require_POST
def wish(request: Asked) -> HttpResponse:
    """Budget, breaks, and what is not wanted today."""
    secret = secret_of(request)
    if secret is not None:
        changed = _wished(request.POST, day_of(request.workspace.clock()))
        own.choose(request.principal.agent, secret, changed)
    return redirect("own")


def _wished(form: QueryDict, today: date) -> Own:
    budget = {level: _minutes(form, f"budget_{level}") for level in range(HARDEST + 1)}
    at_most = text(form, "at_most", 2)
    level = int(at_most) if at_most in {"0", "1", "2", "3"} else HARDEST
    wanted = Today(today, level, without(form.getlist("without")))
    return Own(
        budget={level: minutes for level, minutes in budget.items() if minutes is not None},
        pause=_minutes(form, "pause") or 0,
        today=wanted,
    )


def _minutes(form: QueryDict, name: str) -> int | None:
    typed = text(form, name, 5).strip()
    return min(int(typed), MOST) if typed.isascii() and typed.isdigit() else None


def secret_of(request: Asked) -> str | None:
    return request.views.secret(request.session.session_key, request.principal.agent)


def wish_of(request: Asked) -> Today | None:
    """What may be offered today. None where the person has a part that is not open: it may hold what
    they do not want, so nothing is offered.
    """
    agent, today = request.principal.agent, day_of(request.workspace.clock())
    secret = secret_of(request)
    if secret is not None:
        return own.part(agent, secret).wish(today)
    return None if own.has_key(agent) else Today(today)


def calm_of(request: Asked) -> Calm:
    """While one's part is not open: as for whoever has said nothing, counted from this page on."""
    secret = secret_of(request)
    if secret is None:
        return Calm(PAUSE * 60, 0, ())
    mine, today = own.part(request.principal.agent, secret), day_of(request.workspace.clock())
    spent = sum(mine.spent(today).values()) // 1_000_000
    return Calm(mine.pause * 60, spent, mine.used_up(today))


def _words(request: Asked, secret: str) -> dict[str, object]:
    request.views.flush()  # what was watched a moment ago counts
    mine, today = own.part(request.principal.agent, secret), day_of(request.workspace.clock())
    seen = view_audit.mine(request.workspace.layout, secret, today)
    names = view_audit.items_of(seen)
    return {
        "days": [_day(mine, today - timedelta(days=back)) for back in range(_DAYS)],
        "budget": [(level, mine.budget.get(level)) for level in range(HARDEST + 1)],
        "pause": mine.pause,
        "wish": mine.today if mine.today and mine.today.day == today else Today(today),
        "used_up": mine.used_up(today),
        "notes": NOTES,
        "sent": [
            Sent(
                one,
                names.get(one.item, "")[:12],
                written(one.start_us),
                written(one.end_us),
            )
            for one in seen[: -_SHOWN - 1 : -1]
        ],
    }


def _day(mine: Own, day: date) -> Day:
    spent = mine.spent(day)
    budgets = {str(level): minutes for level, minutes in mine.budget.items()}
    minutes = tuple((level, _whole(spent[level]), budgets.get(level)) for level in LEVELS)
    return Day(day, minutes, _whole(sum(spent.values())))


def _whole(us: int) -> int:
    """Minutes, rounded up: a little is not nothing."""
    return -(-us // MINUTE_US)


@require_http_methods(["GET", "HEAD", "POST"])
def help_page(request: Asked) -> HttpResponse:
    """Everybody reads it; whoever manages users writes it."""
    wrong = ""
    if request.method == "POST":
        request.principal.require(Right.MANAGE_USERS)
        typed = text(request.POST, "text", help_text.LONGEST * 2)
        wrong = tried(lambda: help_text.write(request.workspace, request.principal, typed))
        if not wrong:
            return redirect("help")
    words = {"text": help_text.read(), "too_long": bool(wrong)}
    return render(request, "own/help.html", words, status=400 if wrong else 200)


@require_safe
def all_together(request: Asked) -> HttpResponse:
    """Totals of everybody, week by week; nothing where fewer than ten people are in them."""
    ws = request.workspace
    weeks = totals.told(ws, request.principal, day_of(ws.clock()))
    rows = [(one, [_whole(one.spent[level]) for level in LEVELS]) for one in weeks]
    return render(request, "own/totals.html", {"weeks": rows, "fewest": totals.FEWEST})
