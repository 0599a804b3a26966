"""How a recording was written: layout, encoder strings, key-frame rhythm, times; and what strikes the eye.

Facts are what was read; observations put into words what is out of the ordinary in this one file.
What differs between files of one camera is said by the analysis ``integrity``.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from daylight.detectors.base import Finding, Material, Partial, Session, Span, Subject
from daylight.detectors.registry import Wants
from daylight.domain.observation import Observation
from daylight.media.container_signs import ContainerSigns
from daylight.media.program import Json

_MILLISECONDS: Final = 1000
_FEWEST_GROUPS: Final = 5  # before a rhythm of key frames is spoken of
_STEADY: Final = Fraction(4, 5)  # of the groups have one length
_CONVERTERS: Final = re.compile(
    r"x26[45]|Lav[cf]|HandBrake|ffmpeg|Premiere|Vegas|DaVinci|Avidemux|VirtualDub|CapCut|iMovie",
    re.IGNORECASE,
)


class Structure:
    name = "structure"
    version = 2
    wants = Wants.CONTAINER

    def start(self, subject: Subject, span: Span) -> Session:
        del subject, span
        return _One()

    def merge(self, subject: Subject, partials: Sequence[Partial]) -> Finding:
        del subject
        if len(partials) != 1:
            raise ValueError("the structure of an item comes in one piece")
        return Finding(partials[0].facts)


class _One:
    def __init__(self) -> None:
        self._signs = ContainerSigns()

    def push(self, material: Material, /) -> None:
        if isinstance(material, ContainerSigns):
            self._signs = material

    def finish(self) -> Partial:
        return Partial(_facts(self._signs))


def _facts(signs: ContainerSigns) -> dict[str, Json]:
    """Times in milliseconds from media zero."""
    usual, irregular = _rhythm(signs)
    observed = [one.as_json() for one in observations(signs)]
    return {
        "untrusted_layout": signs.layout,
        "layout_id": hashlib.sha256(signs.layout.encode()).hexdigest()[:16] if signs.layout else "",
        "untrusted_strings": list(signs.untrusted_strings),
        "parameters_id": signs.parameters,
        "parameter_sets": signs.parameter_sets,
        "time_base": [signs.time_base.numerator, signs.time_base.denominator],
        "streams": list(signs.order),
        "group": usual,
        "irregular_groups": irregular,
        "gaps": {"count": signs.gap_count, "spans": _spans(signs.gaps)},
        "ran_back": {"count": signs.back_count, "spans": _spans(signs.back)},
        "damaged": {"count": signs.hurt_count, "spans": _spans(signs.hurt)},
        "observations": observed,
    }


def _spans(spans: Sequence[tuple[Fraction, Fraction]]) -> list[Json]:
    return [[int(at * _MILLISECONDS), int(length * _MILLISECONDS)] for at, length in spans]


def _rhythm(signs: ContainerSigns) -> tuple[int | None, int]:
    """Pictures from key frame to key frame where that is steady, and how often it is another."""
    count = sum(often for _, often in signs.groups)
    if count < _FEWEST_GROUPS:
        return None, 0
    length, often = signs.groups[0]
    return (length, count - often) if often >= count * _STEADY else (None, 0)


def observations(signs: ContainerSigns) -> Iterator[Observation]:
    """What is out of the ordinary in this one file."""
    if signs.gap_count:
        yield _gaps(signs)
    if signs.back_count:
        yield _back(signs)
    if signs.parameter_sets > 1:
        yield Observation(
            "parameters-change",
            f"{signs.parameter_sets} different parameter sets stand in the stream.",
            "A recorder was set otherwise while it ran, or parts that were encoded apart are joined.",
            "It does not say where a part came from, nor that one is missing.",
        )
    if signs.video_streams > 1:
        yield Observation(
            "several-videos",
            f"It holds {signs.video_streams} streams of pictures; the first is examined.",
            "A second lens, a preview for a small screen, or a cover picture.",
            "Nothing is known of what the others show.",
        )
    usual, irregular = _rhythm(signs)
    if usual is not None and irregular:
        yield Observation(
            "key-frames-off-beat",
            f"Key frames come every {usual} pictures, but {irregular} times at another distance.",
            "An encoder that sets key frames at scene changes, a restart, or a joint or cut at that place.",
            "Cameras do this by themselves; alone it shows no cut.",
        )
    named = next((text for text in signs.untrusted_strings if _CONVERTERS.search(text)), None)
    if named is not None:
        shown = "".join(letter if letter.isprintable() else "·" for letter in named[:80])
        yield Observation(
            "software-named",
            f"It names a program or library that also converts and edits video: “{shown}”.",
            "The recorder or its export program uses that library, or the file was converted after recording.",
            "It does not show that what is seen was changed. The name can be written by anybody.",
        )


def _gaps(signs: ContainerSigns) -> Observation:
    at, length = max(signs.gaps, key=lambda one: one[1])
    return Observation(
        "gaps",
        f"{signs.gap_count} times no picture is shown for two seconds or longer; the longest gap is "
        f"{float(length):.1f} s, at {float(at):.1f} s.",
        "Recording on motion, loss of power or network, a pause, or a part that was taken out.",
        "It does not tell these apart.",
    )


def _back(signs: ContainerSigns) -> Observation:
    at, length = max(signs.back, key=lambda one: one[1])
    return Observation(
        "times-run-back",
        f"{signs.back_count} times the times run back; the most by {float(length):.1f} s, at "
        f"{float(at):.1f} s.",
        "The recorder's clock was set, it restarted, or recordings were joined.",
        "It does not say what lies before or after in real time.",
    )
