"""Pages for what goes wrong. They say what to do, and nothing of what was asked for."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from daylight.errors import DaylightError


def _page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    words = {"status": status, "title": title, "advice": advice}
    return render(request, "failure.html", words, status=status)


def bad(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400. The request is not trusted far enough to fill a page that looks at it."""
    del request, exception
    words = {"title": _("This request makes no sense"), "status": 400}
    return render(None, "bad.html", words, status=400)


def stale(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was not ours, or is too old."""
    del reason
    return _page(
        request,
        403,
        _("This form is too old"),
        _("Go back, load the page again and send it once more."),
    )


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return _page(
        request,
        403,
        _("Your role does not allow this"),
        _("If your work needs it, ask an administrator of this vault for the role that allows it."),
    )


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return _page(
        request,
        404,
        _("There is nothing here for you"),
        _("It is not in this vault, or not in a collection of yours."),
    )


def unavailable(request: HttpRequest, exception: DaylightError) -> HttpResponse:
    """503 with our own error's stable name; its sentence stays on the machine."""
    advice = _("Tell whoever looks after this machine: %(name)s.") % {"name": exception.name}
    return _page(request, 503, _("The vault cannot answer now"), advice)


def broken(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        500,
        _("Something in this program failed"),
        _("Nothing was changed. The place of the error is in the terminal that runs the server."),
    )
