"""What the container and the packets of a recording show of how it was written; nothing is decoded.

Collected in the pass over the packets that the probe makes anyway.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Final

from daylight.media.nal import Layout
from daylight.media.packet_signs import length_size

# Tags in which writers name themselves.
WRITERS: Final = frozenset(
    {"encoder", "handler_name", "vendor_id", "major_brand", "compatible_brands", "writing_app",
     "muxing_app", "software", "encoded_by", "service_provider", "service_name", "com.apple.quicktime.software"}
)  # fmt: skip
MOST: Final = 50  # spans of a kind that are listed
MAX_STRINGS: Final = 20
MAX_STRING: Final = 200
GAP: Final = Fraction(2)  # seconds without a picture, and
GAP_STEPS: Final = 10  # so many times the usual distance, before it is a gap
NEAR: Final = Fraction(1)  # seconds from one damaged packet to the next that make one stretch
BACK: Final = Fraction(1)  # seconds that times run back, beyond reordering
_SETS: Final = {"h264": frozenset({7, 8}), "hevc": frozenset({32, 33, 34})}
FIRST_KEYS: Final = 32  # key frames that are searched for names of encoders
KEY_HEAD: Final = 4096  # bytes of a key frame that are looked at for parameter sets and strings
_TEXT: Final = re.compile(rb"[ -~]{8,}")
_MARKS: Final = re.compile(
    rb"x26[45]|Lav[cf]|encoder|HIK|Dahua|ffmpeg|HandBrake|version|Premiere|Vegas"
)


@dataclass(frozen=True, slots=True)
class ContainerSigns:
    """``layout``: the line of ``media.layout``. Times in seconds from media zero.

    ``gaps``: (begin, length); ``back``: (time before, by how much); at most ``MOST`` of each, their
    counts beside. ``hurt``: (begin, length) of stretches of damaged packets, as far as they show it without being decoded. ``groups``: pictures from key frame to key frame, each length with how often.
    ``parameter_sets``: how many different ones stand in the stream.
    """

    layout: str = ""
    untrusted_strings: tuple[str, ...] = ()
    parameters: str = ""  # a short digest of the codec's header in the container
    parameter_sets: int = 0
    gaps: tuple[tuple[Fraction, Fraction], ...] = ()
    gap_count: int = 0
    back: tuple[tuple[Fraction, Fraction], ...] = ()
    back_count: int = 0
    hurt: tuple[tuple[Fraction, Fraction], ...] = ()
    hurt_count: int = 0
    groups: tuple[tuple[int, int], ...] = ()
    time_base: Fraction = Fraction(1)
    video_streams: int = 0
    order: tuple[str, ...] = ()  # kinds of streams, in their order


@dataclass(slots=True)
class KeyFrameSigns:
    """Fed the first ``KEY_HEAD`` bytes of each key frame."""

    codec: str
    extradata: bytes
    sets: set[bytes] = field(default_factory=set)
    strings: dict[str, None] = field(default_factory=dict)
    _layout: Layout | None = None
    _looked: int = 0

    def __post_init__(self) -> None:
        if self.codec in _SETS:
            self._layout = Layout(b"")
            self._layout.length_size = length_size(self.codec, self.extradata)

    def look(self, data: bytes) -> None:
        self._looked += 1
        if self._looked <= FIRST_KEYS and len(self.strings) < MAX_STRINGS:
            for text in _TEXT.findall(data):
                if _MARKS.search(text):
                    self.strings.setdefault(text[:MAX_STRING].decode("ascii"))
        if self._layout is not None:
            wanted = _SETS[self.codec]
            units = [u for u in self._layout.units(data) if u and self._kind(u) in wanted]
            if units:
                self.sets.add(hashlib.sha256(b"\0\0\1".join(units)).digest())

    def _kind(self, unit: bytes) -> int:
        return unit[0] & 0x1F if self.codec == "h264" else unit[0] >> 1 & 0x3F


def gaps(
    times: Sequence[int], base: Fraction, zero: Fraction
) -> Iterator[tuple[Fraction, Fraction]]:
    """Where no picture is shown for long. ``times``: of pictures, in ticks, in any order."""
    ordered = sorted(times)
    steps = sorted(b - a for a, b in pairwise(ordered) if b > a)
    if not steps:
        return
    least = max(int(GAP / base), GAP_STEPS * steps[len(steps) // 2])  # ticks
    for before, after in pairwise(ordered):
        if after - before > least:
            yield before * base - zero, (after - before) * base


def backwards(
    times: Sequence[int], base: Fraction, zero: Fraction
) -> Iterator[tuple[Fraction, Fraction]]:
    """Where times run back further than reordering makes them. ``times`` in the order of the stream."""
    least = int(BACK / base)  # ticks
    highest: int | None = None
    for time in times:
        if highest is not None and highest - time > least:
            yield highest * base - zero, (highest - time) * base
            highest = time
        else:
            highest = time if highest is None else max(highest, time)


def stretches(times: Sequence[Fraction]) -> Iterator[tuple[Fraction, Fraction]]:
    """Begin and length of what lies close together. ``times``: seconds, in any order."""
    ordered = sorted(times)
    begun = 0
    for n in range(1, len(ordered) + 1):
        if n == len(ordered) or ordered[n] - ordered[n - 1] > NEAR:
            yield ordered[begun], ordered[n - 1] - ordered[begun]
            begun = n


def group_lengths(numbers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Pictures from each key frame to the next, the most frequent first.

    Without the first and the last that are whole: encoders begin and end out of step.
    """
    lengths = Counter(b - a for a, b in pairwise(numbers[1:-1]))
    ranked = sorted(lengths.items(), key=lambda one: (-one[1], one[0]))
    return tuple(ranked[:MOST])


def first_of(
    spans: Iterator[tuple[Fraction, Fraction]],
) -> tuple[tuple[tuple[Fraction, Fraction], ...], int]:
    """The first ``MOST``, and how many there are."""
    kept, count = [], 0
    for span in spans:
        count += 1
        if count <= MOST:
            kept.append(span)
    return tuple(kept), count


def short_digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16] if data else ""


def joined(*groups: Sequence[str]) -> tuple[str, ...]:
    """Strings cut to what is kept of them, each once."""
    texts = dict.fromkeys(text[:MAX_STRING] for group in groups for text in group if text)
    return tuple(texts)[:MAX_STRINGS]
