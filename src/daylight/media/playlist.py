"""Where a recording is cut for playing, and the playlist that says so; pure integers.

Times are ticks of 1/90000 s from media zero (the container's start time), which is also the zero of
the player's clock: an HLS player puts the first segment at 0 and adds the lengths it was told.
"""

import bisect
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Final

TICKS: Final = 90_000  # a second, in MPEG-TS
FIRST: Final = 2 * TICKS  # the first segment is short, so that the first picture comes at once
SHORTEST: Final = 2 * TICKS
WANTED: Final = 4 * TICKS
LONGEST: Final = 6 * TICKS  # longer only where nothing but a key frame may start a segment
MAX_SEGMENTS: Final = 200_000  # eleven days; no index is believed beyond that


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open, in ticks from media zero."""

    start: int
    end: int


def plan(
    keys: Sequence[int], duration: int, *, anywhere: bool, wanted: int = LONGEST
) -> tuple[Span, ...]:
    """Cut ``[0, duration)`` into ordered spans without gap or overlap.

    ``keys``: times of key frames in ticks, ascending. A span starts at a key frame where there is
    one in reach; with ``anywhere`` (the span will be encoded anew) a distance between key frames of
    more than ``LONGEST`` is cut through. ``wanted``: the length beyond which a span ends at the
    next key frame. A duration below 1 gives no span.
    """
    cuts = [0] if duration > 0 else []
    while cuts and len(cuts) < MAX_SEGMENTS:
        reach = FIRST if len(cuts) == 1 else LONGEST
        cut = _next_cut(keys, cuts[-1], reach, min(wanted, reach), anywhere=anywhere)
        if cut is None or cut >= duration:
            break
        cuts.append(cut)
    return tuple(
        Span(start, end) for start, end in zip(cuts, [*cuts[1:], duration], strict=bool(cuts))
    )


def _next_cut(
    keys: Sequence[int], last: int, longest: int, wanted: int, *, anywhere: bool
) -> int | None:
    """The latest key frame within ``wanted``, else the next within ``longest``, else through the middle,
    else the next key frame.
    """
    first_possible = bisect.bisect_left(keys, last + min(SHORTEST, longest))
    after_reach = bisect.bisect_right(keys, last + longest)
    if after_reach > first_possible:
        return keys[max(first_possible, bisect.bisect_right(keys, last + wanted) - 1)]
    if anywhere:
        return last + min(WANTED, longest)
    return keys[first_possible] if first_possible < len(keys) else None


def decode_from(keys: Sequence[int], start: int) -> int:
    """Position in ``keys`` of the key frame to decode from for a span that begins at ``start``."""
    return max(0, bisect.bisect_right(keys, start) - 1)


def playlist(
    spans: Sequence[Span], address: Callable[[int], str], breaks: Container[int] = ()
) -> str:
    """The m3u8 text (RFC 8216) of a whole recording; ``address`` gives each segment's URI.

    ``breaks``: segments from which on the pictures are of another size.
    """
    longest = max((span.end - span.start for span in spans), default=0)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-TARGETDURATION:{max(1, -(-longest // TICKS))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    for number, span in enumerate(spans):
        lines += ["#EXT-X-DISCONTINUITY"] if number in breaks else []
        lines += [f"#EXTINF:{(span.end - span.start) / TICKS:.6f},", address(number)]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
