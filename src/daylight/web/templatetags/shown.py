"""How values are shown: sizes, lengths, times, and text that came from hostile bytes."""

from collections.abc import Sized
from datetime import UTC, datetime
from fractions import Fraction

from django import template
from django.utils.formats import date_format, get_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from daylight.catalogue.queries.wall import UNNAMED
from daylight.domain.burnt_clock import ClockPiece
from daylight.domain.burnt_clock_json import naive_text
from daylight.domain.clocks import iso
from daylight.domain.principal import Role
from daylight.domain.timeline import By

register = template.Library()

_MONTH_FORMAT = "%Y-%m-%d %H:%M"


@register.filter
def size(count: int | None) -> str:
    """Bytes in decimal units: ``1.4 GB``."""
    if count is None:
        return _("unknown")
    units = (_("B"), _("kB"), _("MB"), _("GB"), _("TB"), _("PB"))
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(units) - 1:
        value, unit = value / 1000, unit + 1
    digits = 0 if unit == 0 or value >= 99.5 else 1
    return f"{_decimal(value, digits)} {units[unit]}"


def _decimal(value: float, digits: int) -> str:
    """With the decimal sign of the reader's language."""
    return f"{value:.{digits}f}".replace(".", get_format("DECIMAL_SEPARATOR"))


@register.filter
def grouped(number: int) -> str:
    """Digits in threes, by narrow spaces that do not break."""
    return f"{number:,}".replace(",", "\u202f")


@register.filter
def length(microseconds: int | None) -> str:
    """``1:02:03``, below a minute ``12.3 s``; empty when unknown."""
    if microseconds is None:
        return ""
    seconds = microseconds / 1e6
    if seconds < 60:
        return _("%(seconds)s s") % {"seconds": _decimal(seconds, 1)}
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def seconds_length(seconds: Fraction | None) -> str:
    return "" if seconds is None else length(int(seconds * 1_000_000))


@register.filter
def hours(seconds: float) -> str:
    """Hours with one digit, minutes below one hour."""
    if seconds < 3600:
        return _("%(minutes)d min") % {"minutes": round(seconds / 60)}
    return _("%(hours)s h") % {"hours": _decimal(seconds / 3600, 1)}


@register.filter
def rate(frames: Fraction | float | None) -> str:
    if frames is None:
        return ""
    shortest = f"{float(frames):.3f}".rstrip("0").rstrip(".")
    return shortest.replace(".", get_format("DECIMAL_SEPARATOR"))


@register.filter
def moment(value: datetime | None) -> str:
    return _("unknown") if value is None else f"{value.astimezone(UTC):{_MONTH_FORMAT}} UTC"


@register.filter
def day(value: datetime) -> str:
    """``12 November 2026``, by the names of the reader's language."""
    return date_format(value.astimezone(UTC), "j E Y")


@register.filter
def naive(piece: ClockPiece, layout: str) -> str:
    """What a burnt-in clock shows: ``2021-03-10 15:33:55``, the time alone without a date."""
    return naive_text(piece.naive_us, layout).replace("T", " ")


@register.filter
def file_time(nanoseconds: int | None) -> str:
    """A file's time as its disk said it; years beyond four digits do not count as known."""
    if nanoseconds is None:
        return _("unknown")
    try:
        return moment(datetime.fromtimestamp(nanoseconds / 1e9, UTC))
    except (OverflowError, ValueError, OSError):
        return _("unknown")


@register.filter
def visible(text: str) -> SafeString:
    """Text of strangers: markup escaped; controls, bidi marks and odd bytes shown as what they are."""
    shown = "".join(escape(char) if char.isprintable() else _escaped(char) for char in text)
    return mark_safe(f"<bdi>{shown}</bdi>")  # noqa: S308  # every character went through escape()


@register.filter
def visible_bytes(raw: bytes) -> SafeString:
    """A leaked name: what is UTF-8 as text, other bytes as an escape."""
    return visible(raw.decode("utf-8", "surrogateescape"))


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8
        shown = f"\\x{code - 0xDC00:02x}"
    else:
        shown = char.encode("unicode_escape", "surrogatepass").decode("ascii")
    return f'<span class="odd">{escape(shown)}</span>'


@register.filter
def kind_name(value: str) -> str:
    """The word for a kind; what has not been examined has none yet."""
    names = {
        "video": _("video"),
        "audio": _("audio"),
        "image": _("image"),
        "document": _("document"),
        "other": _("other"),
        "empty": pgettext("a file without bytes", "empty"),
    }
    return names.get(value, _("not examined"))


@register.filter
def state_name(value: str) -> str:
    names = {"ok": _("readable"), "damaged": _("damaged"), "unreadable": _("unreadable")}
    return names.get(value, _("not examined"))


@register.filter
def action_name(value: str) -> str:
    """What a ledger entry records, in words; unknown codes show as they are."""
    names = {
        "received": _("received into the vault"),
        "examined": _("examined"),
        "analysed": _("analysed"),
        "accession-opened": _("accession opened"),
        "accession-closed": _("accession closed"),
        "custody-stated": _("statement on custody"),
        "not-kept": _("entries not kept"),
        "salvaged": _("rebuilt beside the original, or tried"),
        "repaired": _("restored from a replica"),
        "held": _("put under legal hold"),
        "hold-lifted": _("legal hold lifted"),
        "contested": _("found in a film known outside"),
        "placed": _("put to a camera"),
        "mark-made": _("a person said what they saw"),
        "mark-changed": _("what a person saw, written anew"),
        "mark-confirmed": _("what a person saw, confirmed by another"),
        "mark-withdrawn": _("what a person saw, withdrawn"),
        "still-grabbed": _("a frame kept as a still"),
        "redaction-planned": _("a plan of what is covered"),
        "redaction-rendered": _("a redacted copy, as a draft"),
        "redaction-released": _("a redacted copy, released by two people"),
        "annotations-exported": _("what people saw, given out"),
    }
    return names.get(value, value)


@register.filter
def topic_name(value: str) -> str:
    """What a custody statement is about."""
    names = {
        "device": _("Device"),
        "serial": _("Serial number"),
        "seal": _("Seal"),
        "handed_over_by": _("Handed over by"),
        "received_by": _("Received by"),
        "place": _("Place"),
        "received_at": _("Received"),
        "connected": _("Connected"),
        "handling": _("Handled before"),
    }
    return names.get(value, value)


@register.filter
def facet_name(value: str) -> str:
    names = {
        "kind": _("Kind"),
        "state": _("State"),
        "accession": _("Accession"),
        "collection": _("Collection"),
        "severity": _("Severity"),
        "seen": _("Seen"),
        "speech": _("Speech"),
        "facility": _("Facility"),
        "camera": _("Camera"),
        "month": _("Month"),
        "day": _("Day"),
        "hour": _("Hour"),
    }
    return names.get(value, value)


@register.simple_tag
def choice_name(facet: str, label: str) -> str:
    """A choice of a facet in words; accessions, cameras and facilities bear names of their own."""
    if facet in {"kind", "state"}:
        return {"kind": kind_name, "state": state_name}[facet](label)
    if not label:
        return _("nobody has said") if facet == "severity" else _("unknown")
    number = label[1:]
    if number.isascii() and number.isdigit() and (facet, label[0]) == ("facility", UNNAMED):
        return unnamed_facility(int(number) - 1)
    if number.isascii() and number.isdigit() and (facet, label[0]) == ("camera", "#"):
        return _("Camera %(number)s") % {"number": number}
    if facet == "hour":
        return f"{label}:00–{label}:59"  # noqa: RUF001  # a span
    return _seen_name(label) if facet in {"seen", "speech"} else label


@register.filter
def unnamed_facility(site: int) -> str:
    """Cameras that seem to belong together, at a place that nobody has named."""
    return _("Facility %(number)s, not named") % {"number": site + 1}


def _seen_name(value: str) -> str:
    names = {
        "reviewed": _("gone through"),
        "described": _("described"),
        "open": _("by nobody"),
        "speech": _("somebody may speak"),
    }
    return names.get(value, value)


@register.filter
def how_many(values: Sized) -> int:
    """Django's own ``length``, whose name means a time here."""
    return len(values)


@register.filter
def length_is_grouped(values: Sized) -> str:
    """How many there are, in digits to read."""
    return grouped(len(values))


@register.filter
def micro_time(microseconds: int) -> str:
    """``2021-03-04 12:00:05`` as it stands, without saying of which zone; empty outside the calendar."""
    told = iso(microseconds, zone=False)
    return "" if told is None else told.replace("T", " ")[:19]


@register.filter
def micro_day(microseconds: int) -> str:
    """``4 March 2021``, by the names of the reader's language; empty outside the calendar."""
    told = iso(microseconds, zone=False)
    return "" if told is None else date_format(datetime.fromisoformat(told), "j E Y")


@register.filter
def micro_seconds(microseconds: int) -> str:
    """Seconds, for an address or a list."""
    return f"{microseconds / 1e6:.3f}".rstrip("0").rstrip(".")


@register.filter
def clock_name(value: By) -> str:
    """The clock that puts a recording where it is."""
    names = {
        By.REAL: _("real time, UTC"),
        By.BURNT: _("as the camera's own clock shows"),
        By.CONTAINER: _("by the file's clock, UTC"),
    }
    return names[value]


@register.filter
def hundredths(share: float) -> int:
    """A share in [0, 1] as a whole number of hundredths."""
    return round(share * 100)


@register.filter
def order_name(basis: str) -> str:
    """What told day and month apart."""
    names = {
        "person": _("day and month told apart by a person"),
        "camera": _("day and month told apart by the camera's other recordings"),
        "container": _("day and month told apart by the file's clock"),
        "file-time": _("day and month told apart by the time that the disk kept of the file"),
    }
    return names.get(basis, basis)


@register.filter
def copy_name(kind: str) -> str:
    """How one recording came from another."""
    names = {
        "identical": _("the same bytes"),
        "remuxed": _("the same pictures in another container"),
        "re-encoded": _("encoded anew"),
        "rescaled": _("in another size"),
        "letterboxed": _("with borders"),
        "trimmed": _("cut shorter"),
        "contained": _("a part of it"),
    }
    return names.get(kind, kind)


@register.filter
def role_name(role: str) -> str:
    """A role in the reader's language."""
    return {
        Role.ADMINISTRATOR: _("administrator"),
        Role.ARCHIVIST: _("archivist"),
        Role.ANALYST: _("analyst"),
        Role.EDITOR: _("editor"),
        Role.COUNSEL: _("counsel"),
    }[Role(role)]


@register.filter
def role_words(role: str) -> str:
    """What a role may do, in few words; docs/review-room.md has the table."""
    return {
        Role.ADMINISTRATOR: _("people, rights and custody; no footage"),
        Role.ARCHIVIST: _("everything but people, leaked names too"),
        Role.ANALYST: _("see, watch, place in time"),
        Role.EDITOR: _("see, watch, decide what is covered"),
        Role.COUNSEL: _("items, leaked names, custody, exports; no watching"),
    }[Role(role)]
