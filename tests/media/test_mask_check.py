"""The check finds what is not covered, and whatever does not belong into a film that goes out."""

import io
import struct
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from daylight.domain.marks import Span
from daylight.domain.redaction import Output, Shape, Sounding, SoundSpan, WholeSpan, Word
from daylight.errors import MediaRefused
from daylight.media import mask_check, mask_task
from daylight.media.facts_json import to_json
from daylight.media.mp4_walk import walk
from daylight.media.probe import probe
from tests.media.redacting import EXECUTOR, Way, opened, plan_for, reel, render, render_and_check

SIZE = (320, 240)
WAYS = (Way((40, 30, 60, 70), (200, 120, 60, 70)),)
EDITOR = Word("editor", "because")


@pytest.fixture(scope="module")
def source() -> bytes:
    return reel(size=SIZE, ways=WAYS, sound=True)


@pytest.fixture(scope="module")
def plan(source):
    return plan_for(source, WAYS, size=SIZE)


def variants(plan):
    oval = tuple(replace(one, shape=Shape.ELLIPSE) for one in plan.regions)
    return {
        "as it is": plan,
        "ellipses": replace(plan, regions=oval),
        "cropped and scaled": replace(
            plan, output=Output(crop=(1000, 1000, 8000, 8000), width=200)
        ),
        "slower": replace(plan, output=Output(rate=(10, 1))),
        "coarse": replace(plan, output=Output(quality=34)),
        "coloured": replace(plan, fill=(180, 30, 200)),
        "whole": replace(plan, whole=(WholeSpan(Span(200_000, 500_000), EDITOR),)),
        "with sound": replace(plan, sound=(SoundSpan(Span(0, 10**9), Sounding.KEEP, EDITOR),)),
    }


@pytest.mark.parametrize("name", list(variants(plan_for(b"", WAYS, size=SIZE))))
def test_a_film_that_is_right_passes(source, plan, name):
    wanted = variants(plan)[name]
    made, found = render_and_check(source, wanted, picks=[0, 500_000])
    assert found.faults == ()
    assert found.places >= 10
    assert found.worst <= 20
    assert found.tracks == (("vide", "soun") if wanted.sound else ("vide",))
    ((sheet, times),) = found.sheets
    assert len(times) == 2
    assert Image.open(io.BytesIO(sheet)).size[0] == 400


@pytest.mark.parametrize("hidden", ["all", "late", "half", "small"])
def test_what_is_not_covered_is_found(source, plan, hidden):
    """Rendered with less than the plan asks for, then held against the plan."""
    (face,) = plan.regions
    less = {
        "all": (),
        "late": (
            replace(face, keys=tuple(replace(k, at_us=k.at_us + 600_000) for k in face.keys)),
        ),
        "half": (replace(face, keys=tuple(replace(k, width=k.width // 2) for k in face.keys)),),
        "small": (
            replace(face, keys=tuple(replace(k, height=k.height * 3 // 4) for k in face.keys)),
        ),
    }[hidden]
    target = io.BytesIO()
    with opened(source) as files:
        facts = to_json(probe(files[0]).facts)
        rendered = mask_task.render(EXECUTOR, facts, replace(plan, regions=less), files[0], target)
        with opened(target.getvalue()) as films:
            found = mask_task.check(EXECUTOR, rendered, plan, [], films[0], facts)
    assert any(fault.startswith("not covered: face-1") for fault in found.faults)


@pytest.mark.parametrize(
    ("pixels", "mean", "far", "bad"),
    [(120, 2.2, 10, 0), (120, 3.2, 10, 1), (120, 0.5, 25, 1), (300, 2.2, 10, 1), (300, 1.9, 10, 0)],
)
def test_a_few_samples_may_lie_one_step_of_the_codec_away(plan, pixels, mean, far, bad):
    seen = mask_check._Seen(plan, SIZE, 0, [], lambda *_: None)
    seen._note("face-1", 0, far, mean, pixels)
    assert len(seen.faults) == bad


def grown(made: bytes, inside: bytes, extra: bytes) -> bytes:
    """``extra`` put at the end of the box ``inside`` of the index."""
    top = made.index(b"moov") - 4
    index = made[top:]
    path = {
        b"moov": [b"moov"],
        b"trak": [b"moov", b"trak"],
        b"stbl": [b"moov", b"trak", b"mdia", b"minf", b"stbl"],
    }[inside]
    index = bytearray(index)
    ends = []
    for kind in path:
        at = bytes(index).index(kind) - 4
        size = struct.unpack_from(">I", index, at)[0]
        ends.append((at, size))
    for at, size in ends:
        struct.pack_into(">I", index, at, size + len(extra))
    at, size = ends[-1]
    return made[:top] + bytes(index[: at + size]) + extra + bytes(index[at + size :])


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def dated(made: bytes, kind: bytes) -> bytes:
    at = made.index(kind) + 8
    return made[:at] + b"\0\0\0\0\xe0\0\0\1" + made[at + 8 :]


SPOILT = {
    "trailing": lambda made: made + b"TRAILER",
    "free": lambda made: made + box(b"free", b"x" * 20),
    "udta": lambda made: grown(made, b"moov", box(b"udta", box(b"\xa9nam", b"canary"))),
    "edit list": lambda made: grown(made, b"trak", box(b"edts", box(b"elst", bytes(20)))),
    "side data": lambda made: grown(made, b"stbl", box(b"sgpd", bytes(12))),
    "second index": lambda made: made + made[made.index(b"moov") - 4 :],
    "date of film": lambda made: dated(made, b"mvhd"),
    "date of track": lambda made: dated(made, b"tkhd"),
    "date of media": lambda made: dated(made, b"mdhd"),
    "brand": lambda made: made.replace(b"mp41", b"CAM0", 1),
    "compressor": lambda made: (
        made[: made.index(b"avc1", 40) + 60] + b"cam" + made[made.index(b"avc1", 40) + 63 :]
    ),
    "handler": lambda made: (
        made[: made.index(b"vide") + 5] + b"c" + made[made.index(b"vide") + 6 :]
    ),
    "cut": lambda made: made[:-9],
    "unit": lambda made: (
        made[: made.index(b"mdat") + 16] + b"\x06" + made[made.index(b"mdat") + 17 :]
    ),
    "empty": lambda made: b"",
    "noise": lambda made: (
        made[:2_000] + bytes(255 - one for one in made[2_000:2_400]) + made[2_400:]
    ),
    "times": lambda made: made.replace(
        b"stts\0\0\0\0\0\0\0\1\0\0\0\x1e\0\0\0\x28", b"stts\0\0\0\0\0\0\0\1\0\0\0\x1e\0\0\0\x29"
    ),
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_does_not_belong_is_found(source, plan, how):
    def spoil(made: bytes) -> bytes:
        spoilt = SPOILT[how](made)
        assert spoilt != made
        return spoilt

    try:
        _, found = render_and_check(source, plan, spoil=spoil)
    except MediaRefused:
        return
    assert found.faults


CANARY = b"CANARYCANARY"


def told_about(container: str) -> bytes:
    """A film that says who made it wherever a container lets it: tags, chapters, a file, a picture, SEI."""
    word = CANARY.decode()
    file = io.BytesIO()
    with av.open(
        file,
        "w",
        format=container,
        options={"movflags": "use_metadata_tags"} if container == "mov" else {},
    ) as out:
        out.metadata.update(
            {
                "title": word,
                "comment": word,
                "location": "+55.7522+037.6156/",
                "creation_time": "2021-03-04T05:06:07Z",
            }
        )
        video = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = SIZE[0], SIZE[1], "yuv420p"
        video.metadata.update({"title": word, "handler_name": word})
        heard = out.add_stream("aac", rate=16_000, layout="mono")
        heard.metadata["title"] = word
        if container == "matroska":
            out.add_attachment(f"{word}.txt", "text/plain", CANARY * 9)
        out.set_chapters(
            [
                {
                    "id": 1,
                    "start": 0,
                    "end": 10,
                    "time_base": Fraction(1, 25),
                    "metadata": {"title": word},
                }
            ]
        )
        for number in range(10):
            grey = np.full((SIZE[1], SIZE[0], 3), 90 + number, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 6_400), np.float32), "fltp", "mono")
        samples.sample_rate, samples.pts = 16_000, 0
        out.mux(heard.encode(samples))
        out.mux(heard.encode(None))
    return file.getvalue()


@pytest.mark.parametrize("container", ["matroska", "mov", "mp4"])
def test_nothing_of_the_container_is_carried_over(container):
    data = told_about(container)
    assert CANARY in data
    assert b"x264 - core" in data
    sound = (SoundSpan(Span(0, 10**9), Sounding.KEEP, EDITOR),)
    wanted = replace(plan_for(data, (), size=SIZE), sound=sound)
    made, found = render_and_check(data, wanted)
    assert found.faults == ()
    for word in (
        CANARY,
        b"x264",
        b"Lavc",
        b"Lavf",
        b"libav",
        b"+55.75",
        b"2021",
        b"handler",
        b"Handler",
    ):
        assert word not in made
    with av.open(io.BytesIO(made)) as film:
        assert len(film.streams) == 2
        assert {*film.metadata} <= {"major_brand", "minor_version", "compatible_brands"}


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\0\0\0\x08ftyp", b"\xff" * 64, box(b"moov", b"\xff" * 40)]
)
def test_the_walk_tells_of_nonsense_and_does_not_stumble(data):
    with opened(data) as files:
        assert walk(files[0]).faults


def test_every_cut_and_flipped_byte_of_an_index_is_walked_without_stumbling(source, plan):
    made, _ = render(source, plan)
    top = made.index(b"moov") - 4
    for at in range(top, len(made), 7):
        broken = bytearray(made)
        broken[at] ^= 0x81
        with opened(bytes(broken)) as files:
            walk(files[0])
