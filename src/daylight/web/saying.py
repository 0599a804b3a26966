"""Reading what people typed of a span, a region, tags; and saying in their language what is wrong."""

import json
import re
from collections.abc import Callable

from django.http import QueryDict
from django.utils.translation import gettext as _

from daylight.domain.marks import Said, Span, Sureness, region_from
from daylight.errors import DaylightError, Forbidden, MarkRefused, TaskRefused, UsageError
from daylight.web.asked import text

_CLOCK = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,4}):)?(\d{1,9})(?:[.,](\d{1,6}))?")
_LIMIT = 25_000  # characters of a form's field that are looked at


def said_in(form: QueryDict) -> Said:
    """``UsageError`` for what is no time, region or severity."""
    start, end = moment(text(form, "start", 40)), moment(text(form, "end", 40))
    if start is None and end is not None:
        start = 0
    span = None if start is None else Span(start, start if end is None else end)
    return Said(
        words=text(form, "words", _LIMIT).replace("\r\n", "\n"),
        span=span,
        region=region_from(_region(text(form, "region", _LIMIT))),
        tags=tuple(one.strip() for one in _tags(form) if one.strip()),
        sureness=_sureness(text(form, "sureness", 10)),
        severity=_number(text(form, "severity", 4)),
    )


def moment(typed: str) -> int | None:
    """``1:02:03.5``, ``62.5``: microseconds; None where nothing is typed."""
    typed = typed.strip()
    if not typed:
        return None
    found = _CLOCK.fullmatch(typed)
    if found is None:
        raise UsageError("a time stands as 1:02:03.5")
    hours, minutes, seconds, part = found.groups()
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds)
    return whole * 1_000_000 + int((part or "").ljust(6, "0"))


def written(us: int | None) -> str:
    """A time as :func:`moment` reads it."""
    if us is None:
        return ""
    whole, part = divmod(us, 1_000_000)
    fraction = f".{part:06d}".rstrip("0") if part else ""
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}{fraction}"
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}{fraction}"


def tried(act: Callable[[], object]) -> str:
    """Do it; in words what was wrong with it, or nothing. A missing right is not told here."""
    try:
        act()
    except Forbidden:
        raise
    except UsageError as error:
        return problem(error)
    return ""


def problem(error: DaylightError) -> str:
    """In the reader's language; the error's own sentence is English."""
    if isinstance(error, MarkRefused):
        return _("You wrote this or confirmed it already, or it was withdrawn.")
    if isinstance(error, TaskRefused):
        return _(
            "Two people go through this already and it is hard to see: say why you must see it too. "
            "Or the other person may not see it."
        )
    return _(
        "This cannot be kept. A mark needs words or a tag, a description needs words, a severity is one "
        "of the five; times stand as 1:02:03.5, and the end is not before the beginning."
    )


def _region(typed: str) -> list[list[int]]:
    try:
        found = json.loads(typed or "[]")
    except (ValueError, RecursionError):
        raise UsageError("this is no region") from None
    return found if isinstance(found, list) else [[]]


def _tags(form: QueryDict) -> list[str]:
    """Of a mark in one field with commas; of a severity a box each."""
    boxes = [one[:200].replace("\0", "") for one in form.getlist("note")[:40]]
    return [*text(form, "tags", 4000).split(","), *boxes]


def _sureness(typed: str) -> Sureness:
    try:
        return Sureness(typed or Sureness.SURE)
    except ValueError:
        raise UsageError("this is no way to be sure") from None


def _number(typed: str) -> int | None:
    if not typed:
        return None
    if not typed.isascii() or not typed.isdigit():
        raise UsageError("a severity is a number")
    return int(typed)
