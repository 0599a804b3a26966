"""Where a recording is cut: by what its codec and size cost."""

from fractions import Fraction

import pytest

from daylight.domain.media import Kind, MediaFacts, State, StreamFacts
from daylight.media.cut import Mode
from daylight.media.cut_plan import KeyFrame, plan_cuts
from daylight.media.playlist import TICKS


def lengths(codec: str, width: int, height: int, rate: int, mode: Mode) -> list[float]:
    """Seconds of each segment but the last, of two minutes with a key frame every second."""
    video = StreamFacts(
        index=0,
        media="video",
        codec=codec,
        time_base=Fraction(1, 1000),
        width=width,
        height=height,
        frame_rate=Fraction(rate),
        pixel_format="yuv420p",
    )
    facts = MediaFacts(
        kind=Kind.VIDEO,
        state=State.OK,
        container="mp4",
        demuxer="mp4",
        duration=Fraction(120),
        streams=(video,),
    )
    keys = [KeyFrame(n * 1000, n * 1000, None, n * rate) for n in range(120)]
    spans = plan_cuts(facts, keys, mode).spans
    return [(span.end - span.start) / TICKS for span in spans[:-1]]


@pytest.mark.parametrize(
    ("codec", "width", "height", "rate", "longest"),
    [
        ("hevc", 1920, 1080, 25, 2),  # 0.6 s of processor time for two seconds, measured
        ("h264", 3840, 2160, 25, 2),
        ("hevc", 1280, 720, 12, 5),
        ("h264", 704, 576, 25, 6),
        ("mpeg2video", 720, 576, 25, 6),
    ],
)
def test_what_is_dear_to_decode_comes_in_shorter_segments(codec, width, height, rate, longest):
    """Whoever seeks waits for a whole segment."""
    assert max(lengths(codec, width, height, rate, Mode.SHIELDED)) == longest


def test_what_is_passed_on_as_it_is_stays_long():
    assert max(lengths("h264", 3840, 2160, 25, Mode.CLEAR)) == 6
