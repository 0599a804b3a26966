"""VP9 out: covered as H.264 is, checked as it is, and nothing in the file but pictures that are shown."""

import io
import struct
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from daylight.domain.marks import Span
from daylight.domain.redaction import Codec, Output, Sounding, SoundSpan
from daylight.errors import MediaRefused, RedactionFailed
from daylight.media.coded_units import VP9, codes_picture
from daylight.media.executor import Message
from daylight.media.mask_film import Film
from tests.media.redacting import WAYS as ALL
from tests.media.redacting import pictures_of, plan_for, reel, render, render_and_check, saturation
from tests.media.test_mask import COLOURLESS, SETS, damaged
from tests.media.test_mask_check import EDITOR, SIZE, SPOILT, WAYS, box, grown, variants

OUT = Output(codec=Codec.VP9)


def in_vp9(plan):
    return replace(plan, output=replace(plan.output, codec=Codec.VP9))


@pytest.fixture(scope="module")
def source() -> bytes:
    return reel(size=SIZE, ways=WAYS, sound=True)


@pytest.fixture(scope="module")
def plan(source):
    return in_vp9(plan_for(source, WAYS, size=SIZE))


@pytest.mark.parametrize("name", list(variants(plan_for(b"", WAYS, size=SIZE))))
def test_a_film_that_is_right_passes(source, plan, name):
    wanted = in_vp9(variants(plan)[name])
    made, found = render_and_check(source, wanted, picks=[0])
    assert found.faults == ()
    assert found.places >= 10
    assert found.worst <= 20
    with av.open(io.BytesIO(made)) as film:
        assert film.streams.video[0].codec_context.name == "vp9"
        assert [one.codec_context.name for one in film.streams.audio] == ["opus"] * bool(
            wanted.sound
        )


@pytest.mark.parametrize(
    "kind",
    [
        {"variable": True},
        {"frames": 1},
        {"codec": "mjpeg", "pixels": "yuvj420p", "container": "avi"},
        {"size": (161, 121), "pixels": "yuv444p"},
        {"options": {"x264-params": "bframes=3:open-gop=1:scenecut=0", "crf": "12"}},
    ],
    ids=str,
)
def test_every_box_of_every_frame_is_covered_at_its_time(kind):
    ways = ALL if kind.get("size", (176,))[0] > 170 else ALL[:1]
    data = reel(**kind, ways=ways)
    told = {key: kind[key] for key in ("size", "frames", "variable") if key in kind}
    made, _ = render(data, plan_for(data, ways, output=OUT, **told))
    before, after = pictures_of(data), pictures_of(made)
    assert max(saturation(one) for _, one in before) > 100
    assert len(after) == len(before)
    assert max(saturation(one) for _, one in after) <= COLOURLESS
    assert [at for at, _ in after] == [at - before[0][0] for at, _ in before]


def test_noise_at_the_lowest_quality_passes_its_check():
    draw = np.random.default_rng(3)
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        video = out.add_stream("ffv1", rate=25)
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        for number in range(12):
            noise = draw.integers(0, 255, (360, 320), np.uint8)
            frame = av.VideoFrame.from_ndarray(noise, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    data = file.getvalue()
    for quality in (10, 34):
        told = plan_for(data, WAYS, size=SIZE, frames=12)
        _, found = render_and_check(data, replace(told, output=replace(OUT, quality=quality)))
        assert found.faults == ()


def test_pixels_keep_their_shape_and_range():
    data = reel(frames=3, codec="mjpeg", pixels="yuvj420p", container="mov")
    file = io.BytesIO()
    with av.open(io.BytesIO(data)) as source, av.open(file, "w", format="mov") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        stream.sample_aspect_ratio = Fraction(16, 15)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    made, _ = render(file.getvalue(), plan_for(file.getvalue(), frames=3, output=OUT))
    with av.open(io.BytesIO(made)) as film:
        shown = next(film.decode(video=0))
        assert film.streams.video[0].sample_aspect_ratio == Fraction(16, 15)
        assert int(shown.color_range) == 2
    assert b"pasp" in made


def test_what_is_corrupt_is_covered_whole():
    data = reel(container="mp4")
    made, film = render(damaged(data, 0.4, 0.6), plan_for(data, ways=(), output=OUT))
    assert film.counts["whole"] > 0
    assert len(pictures_of(made)) == film.counts["written"]


def test_no_av1_comes_out_and_nothing_else_in_its_place():
    data = reel(frames=2)
    with pytest.raises(MediaRefused, match="no AV1; H264, VP9 it does"):
        render(data, plan_for(data, frames=2, output=Output(codec=Codec.AV1)))


def test_sound_is_silence_tone_or_itself_as_decided_and_in_time():
    data = reel(frames=60, sound=True)
    spans = (
        SoundSpan(Span(0, 800_000), Sounding.KEEP, EDITOR),
        SoundSpan(Span(800_000, 1_600_000), Sounding.SILENCE, EDITOR),
        SoundSpan(Span(1_600_000, 10**9), Sounding.TONE, EDITOR),
    )
    made, film = render(data, plan_for(data, frames=60, output=OUT, sound=spans))
    with av.open(io.BytesIO(made)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    heard = np.concatenate(frames, axis=1)[0]
    assert abs(len(heard) / 48_000 - film.counts["samples"] / 48_000) < 0.05
    loud = np.abs(heard[: len(heard) // 480 * 480].reshape(-1, 480)).max(1)  # each 10 ms
    assert loud[10:75].min() > 0.05
    assert loud[85:155].max() < 0.001
    assert loud[165:220].min() > 0.05
    tone = np.fft.rfft(heard[48_000 * 17 // 10 :][:9_600] * np.hanning(9_600))
    assert abs(np.argmax(np.abs(tone)) * 5 - 1_000) <= 5


def test_words_of_an_encoder_of_sound_are_refused():
    film = Film(io.BytesIO(), Codec.VP9)
    with pytest.raises(RedactionFailed):
        film.hear(Message("sound", {"channels": 2, "rate": 48_000}, b"x"))


MORE = {
    "compressor": lambda made: (
        made[: made.index(b"vp09", 40) + 60] + b"cam" + made[made.index(b"vp09", 40) + 63 :]
    ),
    "initialisation": lambda made: made.replace(b"vpcC\x01", b"vpcC\x00", 1)[:-1],
    "udta": lambda made: grown(made, b"moov", box(b"udta", b"x")),
    "unit": lambda made: (
        made[: made.index(b"mdat") + 12] + b"\0" + made[made.index(b"mdat") + 13 :]
    ),
}


@pytest.mark.parametrize("how", [*MORE, "trailing", "free", "edit list", "brand", "handler"])
def test_what_does_not_belong_is_found(source, plan, how):
    spoil = MORE.get(how) or SPOILT[how]
    try:
        _, found = render_and_check(source, plan, spoil=spoil)
    except MediaRefused:
        return
    assert found.faults


KEY, LATER = b"\x82\x49\x83\x42" + bytes(9), b"\x86" + bytes(9)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x82",
        b"\x82\0\0\0" + bytes(9),  # a key frame without its code
        b"\x84" + bytes(9),  # not shown
        b"\x8e" + bytes(9),  # shows another again
        b"\xa6" + bytes(9),  # another profile
        b"\0\0\0\1\x65",
        KEY + b"\xc0\x0d\xc0",  # a bundle
        LATER + b"\xc1\x05\x05\xc1",
    ],
)
def test_what_is_no_shown_picture_is_none(data):
    assert codes_picture(VP9, KEY)
    assert codes_picture(VP9, LATER)
    assert not codes_picture(VP9, data)
    film = Film(io.BytesIO(), Codec.VP9)
    film.hear(Message("film", SETS | {"sets": []}, b""))
    film.hear(Message("pictures", {"at": [0], "key": [1], "sizes": [len(KEY)]}, KEY))
    with pytest.raises(RedactionFailed):
        film.hear(Message("pictures", {"at": [1], "key": [0], "sizes": [len(data)]}, data))


def test_the_level_is_large_enough(source, plan):
    made, _ = render(source, plan)
    at = made.index(b"vpcC")
    version, profile, level, depth = struct.unpack_from(">I3B", made, at + 4)
    assert (version, profile, level, depth) == (1 << 24, 0, 20, 0x82)
