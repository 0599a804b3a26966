import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daylight.media.boxes import box
from daylight.media.layout import LONGEST, layout
from tests.media.films import film, opened


def of(data: bytes, container: str) -> str:
    with opened(data) as media:
        return layout(media, len(data), container)


@pytest.mark.parametrize(
    ("muxer", "container"),
    [
        ("mp4", "mp4"),
        ("matroska", "matroska"),
        ("avi", "avi"),
        ("mpegts", "mpegts"),
        ("vob", "mpeg"),
    ],
)
def test_files_of_one_writer_share_it_whatever_they_show(muxer, container):
    codec = "mpeg2video" if muxer == "vob" else "libx264"
    one = of(film(muxer, codec, frames=40, noise=3), container)
    other = of(film(muxer, codec, frames=30, noise=80), container)
    assert one == other != ""


def test_another_order_is_another_layout():
    plain = film("mp4", "libx264")
    early = film("mp4", "libx264", options={"movflags": "frag_keyframe+empty_moov"})
    assert of(plain, "mp4").index("mdat") < of(plain, "mp4").index("moov")
    assert of(early, "mp4").index("mdat") > of(early, "mp4").index("moov")
    assert "trak[tkhd edts[elst] mdia[mdhd hdlr(vide)" in of(plain, "mp4")
    assert of(film("mp4", "libx264", sound=True), "mp4").count("trak[") == 2


def test_of_other_containers_nothing_is_said():
    assert of(b"abc", "pdf") == of(b"", "mp4") == ""


@pytest.mark.parametrize("container", ["mp4", "matroska", "avi", "mpegts", "mpeg"])
@settings(max_examples=40)
@given(data=st.data())
def test_hostile_bytes_give_a_short_line_at_most(container, data):
    muxer = {"mpeg": "vob"}.get(container, container)
    whole = film(muxer, "mpeg2video" if muxer == "vob" else "libx264", frames=6)
    junk = data.draw(st.binary(max_size=200))
    at = data.draw(st.integers(0, len(whole)))
    said = of(whole[:at] + junk + whole[at + len(junk) :], container)
    assert len(said) <= LONGEST
    assert said.isprintable()


def test_boxes_within_boxes_without_end():
    nest = box(b"moov")
    for _ in range(2000):
        nest = box(b"moov", nest)
    assert of(box(b"ftyp", b"isom\0\0\0\0") + nest, "mp4").startswith("ftyp(isom) moov[moov[")
    flood = b"".join(box(bytes([65 + n % 20, 66, 67, 68])) for n in range(5000))
    assert len(of(flood, "mp4")) <= LONGEST
