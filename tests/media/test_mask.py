"""Nothing that is to be covered is in what comes out: films of every kind, with boxes on known ways."""

import io
import json
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from daylight.domain.digest import digest_of
from daylight.domain.marks import Key, Span
from daylight.domain.redaction import (
    Choice,
    Codec,
    Demand,
    Growth,
    Label,
    Output,
    Plan,
    Region,
    Shape,
    Sounding,
    SoundSpan,
    State,
    WholeSpan,
    Word,
)
from daylight.domain.tracks import Sort
from daylight.errors import MediaRefused, RedactionFailed
from daylight.media.executor import Message
from daylight.media.mask_decode import PictureReader, packets
from daylight.media.mask_film import Film
from daylight.media.probe import probe
from daylight.media.reading import open_media
from tests.media.redacting import (
    WAYS,
    Way,
    opened,
    pictures_of,
    plan_for,
    reel,
    region,
    render,
    render_and_check,
    saturation,
    times_of,
)

EDITOR = Word("editor", "because")
COLOURLESS = 32  # of 255: what the codecs before and after may leave; the boxes have far more
KINDS = [
    {},
    {"variable": True},
    {"frames": 1},
    {"size": (175, 143), "pixels": "yuv444p"},
    {"pixels": "yuv422p"},
    {
        "pixels": "yuv420p10le",
        "codec": "libx265",
        "options": {"x265-params": "log-level=none:crf=8"},
    },
    {"codec": "mjpeg", "pixels": "yuvj420p", "container": "avi"},
    {"codec": "mjpeg", "pixels": "yuvj422p", "container": "mov"},
    {"options": {"x264-params": "tff=1", "preset": "ultrafast", "crf": "12"}},
    {"options": {"x264-params": "bframes=3:open-gop=1:scenecut=0", "crf": "12"}},
    {"codec": "mpeg4", "container": "avi"},
    {"codec": "mpeg2video", "container": "mpegts"},
    {"container": "h264"},
    {"codec": "libvpx-vp9", "container": "webm", "options": {"deadline": "realtime"}},
    {"codec": "png", "container": "mov", "pixels": "rgba"},
    {"container": "mp4"},
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda one: "-".join(map(str, one.values())) or "plain")
def test_every_pixel_of_every_box_of_every_frame_is_covered(kind):
    data = reel(**kind)
    told = {key: kind[key] for key in ("size", "frames", "variable") if key in kind}
    made, film = render(data, plan_for(data, **told))
    before, after = pictures_of(data), pictures_of(made)
    assert max(saturation(one) for _, one in before) > 100  # or it would prove nothing
    assert len(after) == len(before) == film.counts["frames"] == kind.get("frames", 30)
    assert max(saturation(one) for _, one in after) <= COLOURLESS
    assert film.counts["whole"] == 0
    if kind.get("container") not in ("h264", "mpegts"):
        zero = before[0][0]
        assert [at for at, _ in after] == [at - zero for at, _ in before]


HARD = {
    "10 bits of 4:2:2": {"pixels": "yuv422p10le"},
    "10 bits with alpha": {"codec": "prores_ks", "pixels": "yuva444p10le", "container": "mov"},
    "one odd picture": {"size": (175, 143), "pixels": "yuv444p", "frames": 1},
    "odd, at a rate that varies": {"size": (161, 121), "pixels": "yuv444p", "variable": True},
    "two fields": {
        "woven": True,
        "frames": 30,
        "options": {"x264-params": "tff=1:force-cfr=0", "preset": "ultrafast", "crf": "10"},
    },
    "full range": {"codec": "ffv1", "pixels": "yuv420p16le"},
}


@pytest.mark.parametrize("name", HARD)
def test_what_is_hard_to_read_is_covered_and_passes_its_check(name):
    kind = {"frames": 8, **HARD[name]}
    told = {key: kind[key] for key in ("size", "frames", "variable") if key in kind}
    size = kind.get("size", (176, 144))
    ways = WAYS if size[0] > 170 else WAYS[:1]
    data = reel(**kind, ways=ways)
    made, checked = render_and_check(data, plan_for(data, ways, **told))
    after = pictures_of(made)
    assert max(saturation(one) for _, one in pictures_of(data)) > 100
    assert (len(after), checked.frames, checked.faults) == (kind["frames"], kind["frames"], ())
    assert after[0][1].shape[:2] == (size[1] & ~1, size[0] & ~1)
    assert max(saturation(one) for _, one in after) <= COLOURLESS


def test_what_was_transparent_is_not_brought_to_light():
    data = reel(codec="png", container="mov", pixels="rgba", frames=2, hidden=True)
    made, _ = render(data, plan_for(data, (), frames=2))
    assert max(int(one.max()) for _, one in pictures_of(made)) <= 12


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_film_comes_out_upright_and_covered(degrees):
    size = (176, 144)
    data = turned(reel(container="mp4", size=size), degrees)
    upright = size if degrees == 180 else size[::-1]
    ways = [
        replace(way, start=turn(way.start, size, degrees), end=turn(way.end, size, degrees))
        for way in WAYS
    ]
    made, film = render(data, plan_for(data, ways, size=upright))
    after = pictures_of(made)
    assert after[0][1].shape[:2] == upright[::-1]
    assert len(after) == 30
    assert max(saturation(one) for _, one in after) <= COLOURLESS
    assert film.counts["whole"] == 0


def turn(box, size, degrees):
    """A box of the coded picture, in the picture turned clockwise."""
    left, top, wide, tall = box
    for _ in range(degrees // 90):
        left, top, wide, tall = size[1] - top - tall, left, tall, wide
        size = size[::-1]
    return left, top, wide, tall


def turned(data: bytes, degrees: int) -> bytes:
    """The same mp4, its matrix saying that players turn it."""
    matrix = {
        90: (0, 0x10000, -0x10000, 0),
        180: (-0x10000, 0, 0, -0x10000),
        270: (0, -0x10000, 0x10000, 0),
    }[degrees]
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (one.to_bytes(4, "big", signed=True) for one in matrix)
    zero = bytes(4)
    body = a + b + zero + c + d + zero
    return data[:at] + body + data[at + len(body) :]


@pytest.mark.parametrize("shape", Shape)
def test_shapes_cover_what_they_say_and_not_all(shape):
    data = reel(ways=(Way((60, 50, 40, 40), (60, 50, 40, 40)),))
    corners = ((0, 0), (10_000, 0), (10_000, 10_000), (0, 10_000)) if shape is Shape.POLYGON else ()
    keys = (Key(0, 3_000, 3_000, 3_000, 4_000),)
    drawn = Region("hand-1", Sort.HAND, keys, shape=shape, corners=corners)
    made, _ = render(data, Plan(digest_of(data), regions=(drawn,), growth=Growth(share=0)))
    shown = pictures_of(made)[15][1].astype(int)
    assert shown[60:85, 65:95].max() < 30
    assert shown[5:20, 5:20].min() > 30
    assert shown[120:140].min() > 30
    if shape is not Shape.ELLIPSE:
        assert max(saturation(one) for _, one in pictures_of(made)) <= COLOURLESS


def test_an_ellipse_is_rounded_outwards():
    data = reel(frames=2, ways=())
    drawn = Region("hand-1", Sort.HAND, (Key(0, 2_000, 2_000, 6_000, 6_000),), shape=Shape.ELLIPSE)
    growth = Growth(share=0, pixels=0)
    made, _ = render(data, Plan(digest_of(data), regions=(drawn,), growth=growth))
    shown = pictures_of(made)[0][1].astype(int).max(-1)
    y, x = np.mgrid[0:144, 0:176] + 0.5
    inside = ((x - 88) / 52.8) ** 2 + ((y - 72) / 43.2) ** 2 <= 0.98
    assert shown[inside].max() < 30
    assert shown[((x - 88) / 52.8) ** 2 + ((y - 72) / 43.2) ** 2 >= 1.4].min() > 30


def test_visible_uncovers_itself_and_nothing_that_another_covers():
    data = reel()
    plan = plan_for(data)
    first = replace(plan.regions[0], state=State.VISIBLE, word=EDITOR)
    shown = replace(plan, regions=(first, plan.regions[1]))
    assert saturation(pictures_of(render(data, shown)[0])[0][1]) > 100
    demand = Demand(Span(0, 10**9), Word("source", "danger"), box=Key(0, 0, 0, 10_000, 10_000))
    made, _ = render(data, replace(shown, demands=(demand,)))
    assert max(saturation(one) for _, one in pictures_of(made)) <= COLOURLESS


@pytest.mark.parametrize("by_demand", [False, True])
def test_whole_spans_show_nothing_at_all(by_demand):
    data = reel(ways=())
    span = Span(200_000, 600_000)
    wanted = (
        {"demands": (Demand(span, EDITOR),)} if by_demand else {"whole": (WholeSpan(span, EDITOR),)}
    )
    made, film = render(data, Plan(digest_of(data), **wanted))
    for at, shown in pictures_of(made):
        dark = shown.max() < 20
        assert dark == (Fraction(1, 5) <= at < Fraction(3, 5)), at
    assert film.counts["whole"] == 10


def test_tracks_are_covered_a_while_before_and_after_and_across_gaps():
    data = reel(ways=(Way((60, 50, 24, 24), (60, 50, 24, 24)),))
    keys = tuple(Key(at, 3_300, 3_300, 1_600, 2_000) for at in (400_000, 800_000))
    face = Region("face-1", Sort.FACE, keys)
    growth = Growth(before_us=100_000, after_us=100_000)
    made, _ = render(data, Plan(digest_of(data), regions=(face,), growth=growth))
    for at, shown in pictures_of(made):
        assert (saturation(shown) <= COLOURLESS) == (Fraction(3, 10) <= at <= Fraction(9, 10)), at


def test_a_face_is_covered_with_the_body_below_it_when_bodies_are():
    head, body = Way((80, 30, 12, 16), (80, 30, 12, 16)), Way((70, 46, 32, 90), (70, 46, 32, 90))
    data = reel(ways=(head, body))
    plan = Plan(digest_of(data), regions=(region(head, (176, 144), 1_160_000),), bodies=True)
    made, _ = render(data, plan)
    assert max(saturation(one) for _, one in pictures_of(made)) <= COLOURLESS
    assert pictures_of(made)[0][1][:, :20].min() > 30


def test_a_label_is_kept_covered_or_replaced():
    data = reel(ways=(Way((8, 100, 90, 24), (8, 100, 90, 24)),), frames=3)
    box = Key(0, 400, 6_900, 5_300, 1_800)
    for choice, text, word in (
        (Choice.KEEP, "", EDITOR),
        (Choice.COVER, "", Word()),
        (Choice.REPLACE, "00:00", Word()),
    ):
        label = Label("clock", box, choice, text, word)
        made, _ = render(data, Plan(digest_of(data), labels=(label,)))
        shown = pictures_of(made)[1][1]
        assert (saturation(shown) > 100) == (choice is Choice.KEEP)
        assert (shown[100:124, 8:98].max() > 150) == (choice is not Choice.COVER)


def test_crop_scale_rate_and_noise_are_as_chosen_and_still_covered():
    data = reel(size=(320, 240), frames=50, ways=(Way((100, 90, 40, 40), (180, 110, 40, 40)),))
    output = Output(crop=(2_500, 2_500, 5_000, 5_000), width=120, rate=(10, 1), denoise=2)
    plan = plan_for(data, (Way((100, 90, 40, 40), (180, 110, 40, 40)),), size=(320, 240), frames=50)
    made, film = render(data, replace(plan, output=output))
    after = pictures_of(made)
    assert after[0][1].shape == (90, 120, 3)
    assert [at for at, _ in after] == [Fraction(n, 10) for n in range(20)]
    assert max(saturation(one) for _, one in after) <= COLOURLESS
    assert film.counts["frames"] == 50


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts"])
def test_a_span_begins_and_ends_where_it_was_said(container):
    data = reel(container=container, frames=60)
    plan = plan_for(data, frames=60, span=Span(800_000, 1_600_000))
    made, film = render(data, plan)
    after = pictures_of(made)
    assert len(after) == 20
    assert film.first_us == 800_000
    assert max(saturation(one) for _, one in after) <= COLOURLESS


def test_pixels_keep_their_shape_and_colours_their_meaning():
    options = {"crf": "12", "x264-params": "sar=16/11:colormatrix=bt709"}
    data = reel(frames=3, options=options)
    made, _ = render(data, plan_for(data, frames=3))
    with av.open(io.BytesIO(made)) as film:
        stream = film.streams.video[0]
        assert stream.sample_aspect_ratio == Fraction(16, 11)
        assert next(film.decode(stream)).colorspace == 1


def test_the_fill_is_of_the_colour_that_was_chosen():
    data = reel(frames=3)
    made, _ = render(data, plan_for(data, frames=3, fill=(200, 40, 90)))
    left, top, wide, tall = WAYS[0].at(0.5)
    inner = pictures_of(made)[1][1][top + 4 : top + tall - 4, left + 4 : left + wide - 4]
    assert np.abs(inner.astype(int) - (200, 40, 90)).max() <= 14


def test_what_cannot_be_written_is_refused_and_not_written_otherwise():
    data = reel(frames=2)
    with pytest.raises(MediaRefused, match=r"no AV1"):
        render(data, plan_for(data, frames=2, output=Output(codec=Codec.AV1)))


def damaged(data: bytes, start: float, end: float, step: int = 97) -> bytes:
    broken = bytearray(data)
    for at in range(int(len(data) * start), int(len(data) * end), step):
        broken[at] ^= 0x5A
    return bytes(broken)


@pytest.mark.parametrize(("start", "end"), [(0.3, 0.5), (0.05, 0.95), (0.6, 0.62)])
@pytest.mark.parametrize("container", ["mp4", "avi", "mpegts", "h264"])
def test_what_is_corrupt_is_covered_whole_until_a_sound_key_frame(container, start, end):
    """Smeared boxes lie where no track is: what cannot be trusted is not shown."""
    noisy = {"preset": "ultrafast", "crf": "4", "x264-params": "scenecut=0:keyint=10"}
    data = damaged(reel(container=container, frames=60, options=noisy), start, end)
    try:
        made, film = render(data, plan_for(data, frames=60))
    except (MediaRefused, RedactionFailed):
        return  # a named refusal: nothing came out
    after = pictures_of(made)
    assert max(saturation(one) for _, one in after) <= COLOURLESS
    assert film.counts["errors"] > 0 or len(after) == 60
    assert film.counts["whole"] >= film.counts["missing"] + film.counts["untrusted"]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("container", ["matroska", "mpegts", "mp4", "avi"])
def test_a_cut_file_gives_what_is_there_covered_or_nothing(container, share):
    data = reel(container=container, frames=60)
    cut = data[: int(len(data) * share)]
    try:
        made, _ = render(cut, plan_for(cut, frames=60))
    except (MediaRefused, RedactionFailed):
        return
    assert max(saturation(one) for _, one in pictures_of(made)) <= COLOURLESS


def test_huge_regions_and_ones_beyond_the_film_do_no_harm():
    data = reel(frames=3)
    everything = Region("hand-1", Sort.HAND, (Key(0, 0, 0, 10_000, 10_000),), shape=Shape.ELLIPSE)
    later = Region("hand-2", Sort.HAND, (Key(10**13, 0, 0, 1, 1), Key(2 * 10**13, 9_999, 0, 1, 1)))
    growth = Growth(share=10_000, pixels=1_000)
    made, _ = render(data, Plan(digest_of(data), regions=(everything, later), growth=growth))
    assert max(one.max() for _, one in pictures_of(made)) < 20


def levels(made: bytes) -> list[float]:
    """Loudness of each twentieth of a second."""
    with av.open(io.BytesIO(made)) as container:
        (stream,) = container.streams.audio
        values = np.concatenate([f.to_ndarray()[0] for f in container.decode(stream)])
    grains = values[: len(values) // 2400 * 2400].reshape(-1, 2400)
    return np.sqrt((grains**2).mean(1)).tolist()


def test_sound_is_left_out_unless_somebody_decided():
    data = reel(sound=True)
    made, _ = render(data, plan_for(data))
    with av.open(io.BytesIO(made)) as container:
        assert [one.type for one in container.streams] == ["video"]


def test_sound_is_silence_tone_or_itself_as_decided_and_demands_win():
    data = reel(sound=True, frames=100)
    kept = (
        SoundSpan(Span(0, 1_000_000), Sounding.KEEP, EDITOR),
        SoundSpan(Span(1_000_000, 2_000_000), Sounding.TONE, EDITOR),
        SoundSpan(Span(2_000_000, 3_000_000), Sounding.SILENCE, EDITOR),
        SoundSpan(Span(3_000_000, 4_000_000), Sounding.KEEP, EDITOR),
    )
    demand = Demand(Span(3_500_000, 4_000_000), Word("counsel", "a name"), picture=False)
    made, film = render(data, plan_for(data, frames=100, sound=kept, demands=(demand,)))
    loud = levels(made)
    assert film.sound is not None
    assert min(loud[2:19]) > 0.2
    assert all(abs(one - 0.125 / 2**0.5) < 0.02 for one in loud[22:38])
    assert max(loud[42:58]) < 1e-3
    assert min(loud[62:68]) > 0.2
    assert max(loud[71:79]) < 1e-3
    assert len(pictures_of(made)) == 100


def test_undecided_moments_of_sound_are_silent():
    data = reel(sound=True, frames=100)
    kept = (SoundSpan(Span(0, 1_000_000), Sounding.KEEP, EDITOR),)
    loud = levels(render(data, plan_for(data, frames=100, sound=kept))[0])
    assert max(loud[22:]) < 1e-3


def only_sound() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="wav") as out:
        stream = out.add_stream("pcm_s16le", rate=16_000, layout="mono")
        values = (np.sin(np.arange(32_000) * 0.3) * 9_000).astype(np.int16)[None, :]
        frame = av.AudioFrame.from_ndarray(values, "s16", "mono")
        frame.sample_rate = 16_000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def test_sound_alone_goes_out_as_decided_or_is_refused():
    data = only_sound()
    with pytest.raises(MediaRefused, match="no pictures"):
        render(data, Plan(digest_of(data)))
    kept = (SoundSpan(Span(0, 2_000_000), Sounding.KEEP, EDITOR),)
    assert min(levels(render(data, Plan(digest_of(data), sound=kept))[0])[2:36]) > 0.1


@pytest.mark.parametrize(
    ("kind", "facts", "payload"),
    [
        ("pictures", {"at": [0], "key": [1], "sizes": [5]}, b"\0\0\0\1\x65"),  # before the film
        ("film", {"width": 10**9}, b""),
        (
            "film",
            {"width": 64, "height": 64, "scale": 25, "step": 1, "first_us": 1.5, "sets": []},
            b"",
        ),
        ("sound", {"channels": 2, "rate": 48_000}, b"x" * 99),
        ("sounds", {"sizes": [1]}, b"x"),
        ("end", {"frames": -1}, b""),
        ("end", {"frames": True}, b""),
        ("metadata", {"title": "x"}, b""),
        ("film", ["a"], b""),
    ],
)
def test_a_renderer_that_lies_is_stopped(kind, facts, payload):
    with pytest.raises(RedactionFailed):
        Film(io.BytesIO()).hear(Message(kind, facts, payload))


SETS = {
    "sets": [8, 4],
    "width": 64,
    "height": 64,
    "scale": 25,
    "step": 1,
    "first_us": 0,
    "upright": [64, 64],
    "aspect": [1, 1],
}
SPS_PPS = b"\x67\x64\x00\x1f\xac\xd9\x40\x50\x68\xeb\xe3\xcb"


@pytest.mark.parametrize(
    ("facts", "payload"),
    [
        ({"at": [0], "key": [1], "sizes": [5]}, b"\0\0\0\1\x06"),  # words of an encoder
        ({"at": [0], "key": [1], "sizes": [5]}, b"\0\0\0\1\x67"),
        ({"at": [0], "key": [1], "sizes": [6]}, b"\0\0\0\1\x65x"),  # bytes behind
        ({"at": [0], "key": [1], "sizes": [5]}, b"\0\0\0\2\x65"),
        ({"at": [0], "key": [0], "sizes": [5]}, b"\0\0\0\1\x65"),  # begins without a key frame
        ({"at": [1], "key": [1], "sizes": [5]}, b"\0\0\0\1\x65"),
        ({"at": [0, 0], "key": [1, 0], "sizes": [5, 5]}, b"\0\0\0\1\x65" * 2),
        ({"at": [0], "key": [1], "sizes": [5, 5]}, b"\0\0\0\1\x65" * 2),
        ({"at": [0], "key": [1], "sizes": []}, b""),
    ],
)
def test_nothing_but_coded_pictures_gets_into_the_file(facts, payload):
    film = Film(io.BytesIO())
    film.hear(Message("film", SETS, SPS_PPS))
    with pytest.raises(RedactionFailed):
        film.hear(Message("pictures", facts, payload))


def test_a_rendering_that_stops_short_gives_no_film():
    film = Film(io.BytesIO())
    film.hear(Message("film", SETS, SPS_PPS))
    film.hear(Message("pictures", {"at": [0], "key": [1], "sizes": [5]}, b"\0\0\0\1\x65"))
    with pytest.raises(RedactionFailed, match="end"):
        film.finish()
    assert json.dumps(times_of(3)) == "[0, 40, 80]"


def test_a_zero_between_two_ticks_is_reckoned_with_exactly():
    """The sound began a little before the pictures, whose clock ticks coarsely."""
    data = reel(container="avi", codec="mjpeg", pixels="yuvj420p", frames=3)
    with opened(data) as files:
        facts = probe(files[0]).facts
        facts = replace(facts, start=facts.start - Fraction(7, 1000))
        with open_media(files[0], "avi") as container:
            reader = PictureReader(container, facts)
            shown = [s for p in packets(container, [reader.stream]) for s in reader.push(p)]
    expected = [Fraction(number, 25) + Fraction(7, 1000) for number in range(3)]
    assert [reader.seconds(one.at) for one in shown] == expected
