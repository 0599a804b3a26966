"""Recordings without index or head, put together anew; and siblings and remains that are hostile."""

import io
import os
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daylight.errors import MediaRefused
from daylight.media.boxes import box, in_file, inside
from daylight.media.failures import EXPECTED
from daylight.media.lent import read_lent
from daylight.media.mp4_pictures import Finder
from daylight.media.mp4_sibling import leading, read_sibling
from daylight.media.reading import DEFAULT_RATE
from daylight.media.rebuilt import open_rebuilt
from daylight.media.recipe import Recipe, Window
from daylight.media.salvage import salvage
from daylight.media.salvaged import from_message
from tests.media.films import film, opened

RATE = 10
PLAIN = {"libx264": "scenecut=0:bframes=0", "libx265": "bframes=0:scenecut=0"}
REORDERED = {"libx264": "scenecut=0:bframes=2", "libx265": "bframes=3:scenecut=0"}


def recording(
    codec: str,
    seed: int,
    *,
    words: str,
    sound: bool = False,
    frames: int = 60,
    container: str = "mp4",
    size: tuple[int, int] = (160, 96),
) -> bytes:
    """A moving pattern, other for each seed; an mp4 has its index at the end."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        video = out.add_stream(codec, rate=RATE)
        (video.width, video.height), video.pix_fmt = size, "yuv420p"
        video.gop_size, video.thread_count = 12, 1
        quiet = ":pools=none:frame-threads=1:log-level=none:keyint=12" if codec == "libx265" else ""
        name = "x265-params" if codec == "libx265" else "x264-params"
        video.options = {name: words + quiet}
        tone = out.add_stream("aac", rate=16_000, layout="mono") if sound else None
        draw = np.random.default_rng(seed)
        base = draw.integers(0, 256, (size[1], size[0], 3), np.uint8)
        for number in range(frames):
            grey = np.roll(base, number * 3, axis=1)
            grey[40:56, :, :] = number * 4 % 256
            frame = av.VideoFrame.from_ndarray(grey, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(video.encode(frame))
            if tone is not None:
                out.mux(tone.encode(_noise(draw, number)))
        out.mux(video.encode(None))
        if tone is not None:
            out.mux(tone.encode(None))
    return file.getvalue()


def _noise(draw, number: int) -> av.AudioFrame:
    values = draw.normal(0, 0.2, (1, 1600)).clip(-1, 1).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(values, "fltp", "mono")
    frame.sample_rate, frame.pts, frame.time_base = 16_000, number * 1600, Fraction(1, 16_000)
    return frame


def without_index(data: bytes, share: float = 1.0) -> bytes:
    """As a recorder leaves it that lost power: what was written of the pictures, and no more."""
    with opened(data) as media:
        whole = {one.name: one for one in in_file(media, len(data))}
    kept = whole[b"mdat"].body + int((whole[b"mdat"].end - whole[b"mdat"].body) * share)
    return data[:kept]


def recontained(data: bytes, container: str) -> bytes:
    """The same pictures, without the sound, in another container."""
    file = io.BytesIO()
    with av.open(io.BytesIO(data)) as media, av.open(file, "w", format=container) as out:
        stream = out.add_stream_from_template(media.streams.video[0])
        for packet in media.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    return file.getvalue()


def put_together(
    container: str, damaged: bytes, *sibling: bytes, trial: bool = False, lender: str = "mp4"
):
    said = []
    with opened(damaged) as one, opened(sibling[0] if sibling else b"") as other:
        files = [one, *([other] if sibling else [])]
        request = {"container": container, "trial": trial, "lender": lender}
        salvage(request, files, lambda kind, facts, data=b"": said.append((facts, data)))
    (facts, payload) = said[0]
    return from_message(facts, payload, len(damaged))


def pictures(damaged: bytes, made) -> list[tuple[Fraction, bytes]]:
    with opened(damaged) as one, open_rebuilt(one, made.recipe, made.demuxer) as container:
        return _shown(container)


def originals(data: bytes) -> list[tuple[Fraction, bytes]]:
    with av.open(io.BytesIO(data)) as container:
        return _shown(container)


def _shown(container) -> list[tuple[Fraction, bytes]]:
    frames = list(container.decode(video=0))
    first = frames[0].pts
    return [
        ((one.pts - first) * one.time_base, one.to_ndarray(format="gray").tobytes())
        for one in frames
    ]


@pytest.mark.parametrize("sound", [False, True])
@pytest.mark.parametrize("words", [PLAIN, REORDERED], ids=["plain", "reordered"])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_every_picture_comes_back_as_it_was(codec, words, sound):
    lost = recording(codec, 1, words=words[codec], sound=sound)
    sibling = recording(codec, 2, words=words[codec], sound=sound)
    made, proof = put_together("mp4", without_index(lost), sibling)
    assert proof.clean
    assert (made.method, made.times_assumed, made.sound_left_out) == ("index", True, sound)
    assert pictures(without_index(lost), made) == originals(lost)
    assert made.pictures == 60
    assert made.used + made.skipped == len(without_index(lost))


ELSEWHERE = [
    ("matroska", "libx264"), ("matroska", "libx265"), ("mpegts", "libx264"), ("mpegts", "libx265"),
    ("avi", "libx264"), ("h264", "libx264"), ("hevc", "libx265"),
]  # fmt: skip


@pytest.mark.parametrize("words", [PLAIN, REORDERED], ids=["plain", "reordered"])
@pytest.mark.parametrize(("container", "codec"), ELSEWHERE)
def test_a_sibling_in_another_container_lends_its_parameters(container, codec, words):
    lost = recording(codec, 1, words=words[codec], sound=True)
    sibling = recording(codec, 2, words=words[codec], container=container)
    made, proof = put_together("mp4", without_index(lost), sibling, lender=container)
    assert proof.clean
    assert (made.method, made.pictures, made.rate_assumed) == ("index", 60, False)
    assert pictures(without_index(lost), made) == originals(lost)


@pytest.mark.parametrize(("rate", "stated"), [(8, True), (500, False)])
def test_of_a_bare_sibling_only_a_rate_that_can_be_is_believed(rate, stated):
    bare = film("h264", "libx264", frames=10, rate=rate)
    with opened(bare) as media:
        lent = read_lent(media, len(bare), "h264")
    assert lent.rate_stated is stated
    assert Fraction(lent.scale, lent.step) == (rate if stated else DEFAULT_RATE)


def test_what_lends_no_parameters_is_refused_by_name():
    lost = without_index(recording("libx264", 1, words=PLAIN["libx264"], frames=24))
    for container, codec in (("matroska", "libvpx-vp9"), ("avi", "mjpeg")):
        with pytest.raises(MediaRefused, match="neither"):
            put_together("mp4", lost, film(container, codec, frames=10), lender=container)
    with pytest.raises(MediaRefused, match="cannot be opened"):
        put_together("mp4", lost, bytes(4000), lender="matroska")
    with pytest.raises(MediaRefused, match="lends nothing"):
        put_together("mp4", lost, bytes(4000), lender="gif")


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_sibling_of_the_other_codec_is_not_taken_for_clean(codec):
    other = {"libx264": "libx265", "libx265": "libx264"}[codec]
    lost = without_index(recording(codec, 7, words=PLAIN[codec], frames=24))
    sibling = recontained(recording(other, 8, words=PLAIN[other], frames=24), "matroska")
    with pytest.raises(MediaRefused):
        put_together("mp4", lost, sibling, lender="matroska", trial=True)


def test_a_cut_recording_gives_what_there_is():
    lost = recording("libx264", 3, words=PLAIN["libx264"], sound=True)
    sibling = recording("libx264", 4, words=PLAIN["libx264"], sound=True)
    cut = without_index(lost, 0.5)
    made, proof = put_together("mp4", cut, sibling)
    assert proof.clean
    with av.open(io.BytesIO(lost)) as container:
        inside_it = sum(p.pos + p.size <= len(cut) for p in container.demux(video=0) if p.size)
    assert made.pictures == inside_it > 20
    assert pictures(cut, made) == originals(lost)[:inside_it]


def test_a_lost_sector_costs_the_pictures_in_it():
    lost = bytearray(without_index(recording("libx264", 5, words=PLAIN["libx264"])))
    sibling = recording("libx264", 6, words=PLAIN["libx264"])
    middle = len(lost) // 2
    lost[middle : middle + 512] = bytes(512)
    made, _ = put_together("mp4", bytes(lost), sibling)
    assert 55 <= made.pictures <= 61
    assert made.holes >= 1 or made.skipped < 600


def test_another_cameras_parameters_do_not_fit():
    lost = without_index(recording("libx264", 7, words="scenecut=0:bframes=0:cabac=1"))
    other = recording("libx264", 8, words="scenecut=0:bframes=0:cabac=0:8x8dct=0")
    with pytest.raises(MediaRefused, match="do not fit"):
        put_together("mp4", lost, other, trial=True)


OTHERS = [(160, 64), (160, 128), (128, 96), (192, 96), (320, 192), (64, 48), (96, 160)]


@pytest.mark.parametrize("size", OTHERS)
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_parameters_of_another_size_do_not_fit_even_where_the_decoder_is_silent(codec, size):
    lost = without_index(recording(codec, 7, words=PLAIN[codec]))
    other = recording(codec, 8, words=PLAIN[codec], frames=12, size=size)
    with pytest.raises(MediaRefused, match="do not fit"):
        put_together("mp4", lost, other, trial=True)


def test_parameters_fit_where_a_key_frame_is_damaged():
    whole = recording("libx265", 5, words=PLAIN["libx265"])
    with av.open(io.BytesIO(whole)) as container:
        first = next(container.demux(video=0))
    lost = bytearray(without_index(whole))
    lost[first.pos + first.size // 2 : first.pos + first.size - 40] = os.urandom(
        first.size - 40 - first.size // 2
    )
    made, _ = put_together("mp4", bytes(lost), recording("libx265", 6, words=PLAIN["libx265"]))
    assert made.pictures == 60


def test_a_wiped_head_is_bridged():
    data = bytearray(recording("libx264", 9, words=PLAIN["libx264"], sound=True))
    data[:512] = bytes(512)
    made, proof = put_together("mp4", bytes(data))
    assert (made.method, made.times_assumed) == ("bridge", False)
    assert proof.decoded
    assert made.recipe.size == len(data)
    with opened(bytes(data)) as one, open_rebuilt(one, made.recipe, "mov") as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert sum(bool(packet.size) for packet in container.demux(video=0)) == 60


@pytest.mark.parametrize(
    ("container", "codec"), [("matroska", "libx264"), ("matroska", "libx265"), ("avi", "mjpeg")]
)
def test_a_siblings_head_is_put_before_it(container, codec):
    whole = film(container, codec, frames=60, noise=90)
    sibling = film(container, codec, frames=30, noise=20)
    wiped = bytes(512) + whole[512:]
    made, proof = put_together(container, wiped, sibling)
    assert proof.decoded
    assert (made.demuxer, made.recipe.last) == (container, len(wiped))
    with opened(wiped) as one, open_rebuilt(one, made.recipe, made.demuxer) as rebuilt:
        count = sum(bool(packet.size) for packet in rebuilt.demux(video=0))
    assert count >= 59  # the first may lie in what was wiped


IN_BAND = {
    "libx264": "scenecut=0:bframes=2:repeat-headers=1",
    "libx265": "bframes=3:scenecut=0:repeat-headers=1",
}


@pytest.mark.parametrize("sound", [False, True])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_recording_that_describes_itself_needs_no_sibling(codec, sound):
    lost = recording(codec, 1, words=IN_BAND[codec], sound=sound)
    made, proof = put_together("mp4", without_index(lost))
    assert proof.clean
    assert (made.method, made.times_assumed, made.rate_assumed) == ("in-band", True, False)
    assert pictures(without_index(lost), made) == originals(lost)
    assert made.pictures == 60
    with opened(without_index(lost)) as one, open_rebuilt(one, made.recipe, "mov") as container:
        video = container.streams.video[0]
        assert (video.width, video.height, video.average_rate) == (160, 96, RATE)


def test_a_wiped_head_without_an_index_describes_itself_all_the_same():
    lost = bytearray(without_index(recording("libx264", 1, words=IN_BAND["libx264"])))
    lost[:64] = bytes(64)
    made, proof = put_together("mp4", bytes(lost))
    assert proof.clean
    assert made.method == "in-band"
    assert made.pictures == 60  # of what was wiped, the next key frame repeats the sets


def test_what_describes_itself_nowhere_needs_a_sibling():
    for codec in ("libx264", "libx265"):
        with pytest.raises(MediaRefused, match="sibling"):
            put_together("mp4", without_index(recording(codec, 1, words=PLAIN[codec], frames=24)))


HERSELF = without_index(recording("libx264", 1, words=IN_BAND["libx264"], frames=24))


@settings(max_examples=60)
@given(st.integers(0, len(HERSELF) - 1), st.binary(min_size=1, max_size=300))
def test_hostile_sets_give_a_named_failure_at_most(at, junk):
    try:
        put_together("mp4", HERSELF[:at] + junk + HERSELF[at + len(junk) :])
    except EXPECTED:
        pass


def test_what_cannot_be_salvaged_is_refused():
    sibling = recording("libx264", 2, words=PLAIN["libx264"], frames=12)
    for damaged in (b"", b"\0" * 5000, os.urandom(5000), box(b"ftyp", b"isom") + box(b"mdat")):
        with pytest.raises(MediaRefused):
            put_together("mp4", damaged, sibling)
    with pytest.raises(MediaRefused, match="sibling"):
        put_together("avi", os.urandom(100))
    with pytest.raises(MediaRefused, match="such a container"):
        put_together("ogg", os.urandom(100), sibling)
    with pytest.raises(MediaRefused, match="no pictures"):
        put_together("mp4", without_index(sibling), _sound_alone())


def _sound_alone() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        tone = out.add_stream("aac", rate=16_000, layout="mono")
        out.mux([*tone.encode(_noise(np.random.default_rng(1), 0)), *tone.encode(None)])
    return file.getvalue()


LOST = without_index(recording("libx264", 11, words=PLAIN["libx264"], sound=True, frames=24))
LENT = recording("libx264", 12, words=PLAIN["libx264"], sound=True, frames=24)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, len(LENT) - 1), st.integers(0, 255)), min_size=1, max_size=8)
)
def test_a_hostile_sibling_gives_a_named_failure_at_most(changes):
    hostile = bytearray(LENT)
    moov = hostile.rfind(b"moov")
    for at, value in changes:
        hostile[moov + at % (len(hostile) - moov)] = value
    try:
        put_together("mp4", LOST, bytes(hostile), trial=True)
    except EXPECTED:
        pass


LENT_ELSEWHERE = recontained(LENT, "matroska")


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_hostile_sibling_elsewhere_gives_a_named_failure_at_most(changes):
    hostile = bytearray(LENT_ELSEWHERE)
    for at, value in changes:
        hostile[at] = value
    try:
        put_together("mp4", LOST, bytes(hostile), trial=True, lender="matroska")
    except EXPECTED:
        pass


@settings(max_examples=60)
@given(st.integers(0, len(LOST) - 1), st.binary(min_size=1, max_size=300))
def test_hostile_remains_give_a_named_failure_at_most(at, junk):
    damaged = LOST[:at] + junk + LOST[at + len(junk) :]
    try:
        made, _ = put_together("mp4", damaged, LENT, trial=True)
    except EXPECTED:
        return
    assert made.used <= len(damaged)


def test_lengths_that_lead_nowhere_take_no_time():
    """Units of the greatest length, one within the other: each byte is looked at a few times."""
    bomb = (
        box(b"ftyp", b"isom") + (1 << 31).to_bytes(4, "big") + b"mdat" + b"\0\0\0\x05\x41" * 200_000
    )
    with opened(bomb) as one, opened(LENT) as other:
        sibling = read_sibling(other, len(LENT))
        found = Finder(one, sibling, 20, len(bomb)).find()
    assert found.used + found.skipped == len(bomb) - 20


def test_half_a_terabyte_of_nothing_takes_no_time():
    with opened(LOST) as one, opened(LENT) as other:
        os.truncate(one, 1 << 39)
        sibling = read_sibling(other, len(LENT))
        found = Finder(one, sibling, 40, 1 << 39).find()
        assert len(found) == 24
        assert found.used + found.skipped == (1 << 39) - 40


@given(st.lists(st.integers(0, 60_000), min_size=1, max_size=4))
def test_exponential_golomb_numbers(values):
    bits = "".join(f"{'0' * (v + 1).bit_length()}{v + 1:b}"[1:] for v in values)
    data = int(bits.ljust(len(bits) + -len(bits) % 8, "0") or "0", 2).to_bytes(
        -(-len(bits) // 8), "big"
    )
    if b"\0\0\3" not in data:
        assert leading(data)[: len(values)] == values


@given(st.binary(max_size=300))
def test_any_bytes_are_walked_as_boxes(data):
    for one in inside(data, 0, len(data)):
        assert one.start < one.body <= one.end <= len(data)
    with opened(data) as media:
        places = [one.start for one in in_file(media, len(data))]
    assert places == sorted(set(places))


@given(st.binary(max_size=50), st.binary(max_size=80), st.binary(max_size=50), st.data())
def test_a_recipe_reads_as_the_file_it_makes(head, original, tail, data):
    first = data.draw(st.integers(0, len(original)))
    last = data.draw(st.integers(first, len(original)))
    recipe = Recipe(head, first, last, tail)
    whole = head + original[first:last] + tail
    assert recipe.size == len(whole)
    with opened(original) as media:
        window = Window(media, recipe)
        got = b""
        while piece := window.read(data.draw(st.integers(1, 40))):
            got += piece
        assert got == whole
        at = data.draw(st.integers(0, len(whole)))
        assert window.seek(at - len(whole), os.SEEK_END) == window.tell() == at


FACTS = {
    "method": "index", "head": 1, "first": 0, "last": 5, "used": 3, "skipped": 2, "pictures": 1,
    "keys": 1, "holes": 0, "sound_left_out": False, "times_assumed": True, "rate_assumed": False,
    "decoded": 1, "broken": 0,
    "clean": True,
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"method": "magic"}, {"method": 3}, {"head": 99}, {"last": 6}, {"first": 7}, {"used": -1},
        {"used": 1 << 60}, {"pictures": "many"}, {"keys": True}, {"decoded": None},
    ],
)  # fmt: skip
def test_a_lying_program_is_not_believed(change):
    assert from_message(FACTS, b"abc", 5)[0].recipe == Recipe(b"a", 0, 5, b"bc")
    with pytest.raises(MediaRefused, match="no sense"):
        from_message({**FACTS, **change}, b"abc", 5)
    for name in FACTS:
        with pytest.raises(MediaRefused):
            from_message({k: v for k, v in FACTS.items() if k != name} | {"method": 0}, b"abc", 5)
