import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from daylight.domain.media import Kind, State
from daylight.errors import MediaRefused
from daylight.media.probe import probe
from daylight.media.stills import still_pixels
from tests.media.films import opened


def picture(name: str, size=(64, 48), **how) -> bytes:
    file = io.BytesIO()
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[: size[1] // 2] = (200, 30, 30)
    Image.fromarray(pixels).save(file, name, **how)
    return file.getvalue()


MADE = {name: picture(name) for name in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")}


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_picture_and_its_pixels(name):
    with opened(MADE[name]) as descriptor:
        facts = probe(descriptor).facts
        pixels = still_pixels(descriptor, facts.container, facts.demuxer)
    assert (facts.kind, facts.state) == (Kind.IMAGE, State.OK)
    assert (facts.video.width, facts.video.height) == (64, 48)
    assert pixels.shape == (48, 64, 3)
    assert pixels[:20, :, 0].mean() > 180
    assert pixels[30:].mean() < 20


def test_exif_turns_the_picture():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    with opened(picture("JPEG", exif=exif)) as descriptor:
        pixels = still_pixels(descriptor, "jpeg", "jpeg_pipe")
    assert pixels.shape == (64, 48, 3)
    assert pixels[:, 30:, 0].mean() > 180


def test_avif():
    if not Image.registered_extensions().get(".avif"):
        pytest.skip("this Pillow writes no AVIF")
    with opened(picture("AVIF")) as descriptor:
        facts = probe(descriptor).facts
        pixels = still_pixels(descriptor, facts.container, facts.demuxer)
    assert (facts.container, facts.state) == ("heif", State.OK)
    assert pixels.shape == (48, 64, 3)


def test_a_cut_photo_is_damaged_and_shown_as_far_as_it_goes():
    data = io.BytesIO()
    Image.effect_noise((400, 300), 80).convert("RGB").save(data, "JPEG")
    with opened(data.getvalue()[: len(data.getvalue()) // 2]) as descriptor:
        facts = probe(descriptor).facts
        pixels = still_pixels(descriptor, "jpeg", "jpeg_pipe")
    assert (facts.state, facts.reason) == (State.DAMAGED, "the picture is cut off")
    assert pixels.shape == (300, 400, 3)


def bomb(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(100_000, 100_000), (2_000_000_000, 2_000_000_000)])
def test_a_bomb_is_refused(size):
    with opened(bomb(*size)) as descriptor:
        assert probe(descriptor).facts.state is State.UNREADABLE
        with pytest.raises(MediaRefused):
            still_pixels(descriptor, "png", "png_pipe")


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(MADE)), st.integers(0, 10_000), st.binary(min_size=1, max_size=6))
def test_broken_pictures_end_in_a_state(name, at, new):
    data = MADE[name]
    broken = data[: at % len(data)] + new + data[at % len(data) + len(new) :]
    for one in (broken, broken[: at % len(broken)]):
        with opened(one) as descriptor:
            facts = probe(descriptor).facts
            assert facts.state in State
            if facts.kind is Kind.IMAGE and facts.state is not State.UNREADABLE:
                assert still_pixels(descriptor, facts.container, facts.demuxer).ndim == 3


def test_photos_of_others(shared_media):
    for name in sorted((shared_media / "photos").glob("*.[jp][pn]g")):
        with open(name, "rb") as file:
            facts = probe(file.fileno()).facts
            pixels = still_pixels(file.fileno(), facts.container, facts.demuxer)
        assert facts.state is State.OK, name.name
        assert pixels.shape[2] == 3
