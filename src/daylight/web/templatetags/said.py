"""How what people said is shown: severities, content notes, how sure somebody is."""

from django import template
from django.utils.translation import gettext as _

from daylight.media.cut import Mode, look_of

register = template.Library()


@register.filter
def severity_name(level: int) -> str:
    """The short definition of a level of the scale."""
    names = (
        _("nothing that would trouble anybody"),
        _("tension: threats, shouting, people in distress"),
        _("violence without visible injury; humiliation"),
        _("grave violence, injury, a person in pain"),
        _("torture, sexual violence, death, a child harmed"),
    )
    return names[level]


@register.filter
def note_name(code: str) -> str:
    names = {
        "beating": _("beating"),
        "child": _("a child"),
        "death": _("death"),
        "humiliation": _("humiliation"),
        "medical": _("medical"),
        "screams": _("screams"),
        "self-harm": _("self-harm"),
        "sexual-violence": _("sexual violence"),
        "threat": _("threats"),
        "torture": _("torture"),
    }
    return names.get(code, code)


@register.filter
def sureness_name(code: str) -> str:
    return {"sure": _("sure"), "likely": _("likely"), "guess": _("a guess")}.get(code, code)


@register.filter
def said_kind_name(code: str) -> str:
    names = {
        "mark": _("mark"),
        "description": _("description"),
        "severity": _("severity"),
        "label": _("label"),
    }
    return names.get(code, code)


@register.filter
def task_end_name(code: str) -> str:
    names = {
        "": _("is going through it"),
        "reviewed": _("has gone through it"),
        "handed-over": _("handed it over"),
        "dropped": _("left it"),
    }
    return names.get(code, code)


@register.filter
def how_name(code: str) -> str:
    """In which way something was sent: the slug of a look, or of pictures."""
    pictures = {
        "pictures-shielded": _("pictures, shielded"),
        "pictures-clear": _("pictures, clear"),
        "redacted": _("as it goes out, with masks"),
    }
    if code in pictures:
        return pictures[code]
    try:
        look = look_of(code)
    except ValueError:
        return code
    small = [_("small")] if look.small and not look.mode.is_strong else []
    return ", ".join([_mode_name(look.mode), *small, *([_("with sound")] if look.sound else [])])


def _mode_name(mode: Mode) -> str:
    names = {
        Mode.SHIELDED: _("shielded"),
        Mode.TINTED: _("strong blur, in colour"),
        Mode.SOFT_GREY: _("light blur, grey"),
        Mode.SOFT: _("light blur, in colour"),
        Mode.GREY: _("sharp, grey"),
        Mode.CLEAR: _("clear"),
    }
    return names[mode]
