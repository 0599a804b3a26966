"""Signs of how a recording was written, in the reader's language; the detectors' own sentences are English."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from daylight.domain.observation import Observation
from daylight.services.signs import ItemSigns
from daylight.web.templatetags.shown import kind_name


@dataclass(frozen=True, slots=True)
class Said:
    """``text``: what was observed; ``can``, ``cannot``: what it may come from, what it does not show."""

    text: str
    can: str
    cannot: str
    company: str = ""


def sign_words(found: ItemSigns | None) -> list[Said]:
    """Remarks against others first; a sign that has no words here is said in its own."""
    return [] if found is None else [*_remarks(found), *map(_said, found.observations)]


def _remarks(found: ItemSigns) -> Iterator[Said]:
    for one in found.remarks:
        words = _said(one.observation)
        values = {"files": one.among + 1, "share": round(one.share * 100)}
        told = (
            _("Compared with the files of its camera: of %(files)d, %(share)d of 100 are alike.")
            if one.placed
            else _(
                "Compared with files of its codec, size and rate: of %(files)d, %(share)d of 100 are alike."
            )
        )
        yield Said(words.text, words.can, words.cannot, str(told) % values)


def _said(one: Observation) -> Said:
    text, can, cannot = map(str, _WORDS.get(one.sign, (one.text, one.can, one.cannot)))
    values = one.values
    if one.sign not in _WORDS or text.count("%s") != len(values):
        return Said(one.text, one.can, one.cannot)
    if one.sign == "name-differs":
        values = (values[0], kind_name(values[1]))
    return Said(text % values, can, cannot)


_CONVERTED = _(
    "It was exported, converted or cut by another program, or by another version of the recorder's."
)
_SAME_PICTURES = _(
    "It does not show that what is seen was changed: the same pictures can be put into another container."
)
_SET_OR_ANEW = _("The camera was set otherwise, or the pictures were encoded anew.")
_NOT_APART = _("It does not tell these apart.")
_BY_MACHINE = _("It does not tell these apart. The clock was read by a machine: look at the place.")
# By sign: what was observed, with places for its values; what it can mean; what it cannot.
_WORDS: Final = {
    "layout-differs": (
        _("Its parts are laid out otherwise than in most."),
        _CONVERTED,
        _SAME_PICTURES,
    ),
    "writer-differs": (
        _("It names other programs than most do."),
        _CONVERTED,
        _(
            "Names can be written by anybody. That they are alike in other files proves nothing of those."
        ),
    ),
    "encoding-differs": (
        _("Its codec header differs from that of most."),
        _SET_OR_ANEW,
        _NOT_APART,
    ),
    "time-base-differs": (
        _("Its times are counted in other units than in most."),
        _CONVERTED,
        _SAME_PICTURES,
    ),
    "rhythm-differs": (
        _("Its key frames come at another distance than in most."),
        _SET_OR_ANEW,
        _NOT_APART,
    ),
    "gaps": (
        _(
            "Times without any picture for two seconds or longer: %s. The longest gap is %s s, at %s s."
        ),
        _("Recording on motion, loss of power or network, a pause, or a part that was taken out."),
        _NOT_APART,
    ),
    "times-run-back": (
        _("Times at which the file's clock runs back: %s; the most by %s s, at %s s."),
        _("The recorder's clock was set, it restarted, or recordings were joined."),
        _("It does not say what lies before or after in real time."),
    ),
    "parameters-change": (
        _("Different parameter sets in the stream: %s."),
        _(
            "A recorder was set otherwise while it ran, or parts that were encoded apart are joined."
        ),
        _("It does not say where a part came from, nor that one is missing."),
    ),
    "several-videos": (
        _("It holds more than one stream of pictures; the first is examined."),
        _("A second lens, a preview for a small screen, or a cover picture."),
        _("Nothing is known of what the others show."),
    ),
    "key-frames-off-beat": (
        _("Key frames come every %s pictures, and at another distance this many times: %s."),
        _(
            "An encoder that sets key frames at scene changes, a restart, or a joint or cut at that place."
        ),
        _("Cameras do this by themselves; alone it shows no cut."),
    ),
    "software-named": (
        _("It names a program or library that also converts and edits video."),
        _(
            "The recorder or its export program uses that library, or the file was converted after recording."
        ),
        _("It does not show that what is seen was changed. The name can be written by anybody."),
    ),
    "clock-jumps": (
        _(
            "Jumps of the clock in the picture: %s; the most by %s (hours, minutes, seconds), at %s s."
        ),
        _(
            "Recordings were joined, the recorder records on motion, its clock was set, or a part was taken out."
        ),
        _BY_MACHINE,
    ),
    "clock-frozen": (
        _("The clock in the picture shows, and does not move."),
        _(
            "The recorder hung, a still picture was recorded, or the clock was drawn into the pictures later."
        ),
        _BY_MACHINE,
    ),
    "clock-off-pace": (
        _("The clock in the picture goes %s times as fast as the recording."),
        _(
            "The file names a wrong frame rate, or was written at another speed than it was recorded."
        ),
        _(
            "It does not say which of the two goes right. The clock was read by a machine: look at the place."
        ),
    ),
    "name-differs": (
        _("A name of it ends in .%s; its content: %s."),
        _(
            "It was deleted and other bytes lie in its place, was never written, or was named wrongly or to be hidden."
        ),
        _("It does not say who named it so, nor what was there before."),
    ),
}
