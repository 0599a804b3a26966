"""The real worker in its sandbox: nothing may be loaded there that the warm-up did not load."""

import io
import sys
from collections.abc import Iterator

import pytest
from PIL import Image

from daylight.detectors.programs import PROGRAMS
from daylight.media.executor import End, Executor, Task
from daylight.media.inline import InlineExecutor
from daylight.media.pool import ZygotePool
from tests.media.films import FORMATS, film, opened, sine

ALL = ["background", "filmstrip", "still", "waveform"]


@pytest.fixture(scope="module")
def worker() -> Iterator[Executor]:
    with ZygotePool([sys.executable, "-m", "daylight.detectors.worker"], 1) as pool:
        yield pool


def alike(worker: Executor, data: bytes) -> None:
    """Inside as outside, byte for byte."""
    inline = InlineExecutor(PROGRAMS, i_am_a_test=True)
    with opened(data) as media:
        task = Task("examine", {"detectors": ALL}, [media])
        inside, outside = worker.run(task), inline.run(task)
    assert inside.end is End.DONE, inside.untrusted_reason
    assert inside.messages == outside.messages
    assert not [m for m in inside.messages if m.untrusted_kind == "failed"]


@pytest.mark.parametrize(("container", "codec", "name"), FORMATS)
def test_films(worker, container, codec, name):
    alike(worker, film(container, codec, sound=container in ("mp4", "matroska", "mpegts")))


@pytest.mark.parametrize(
    ("container", "codec"),
    [("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("flac", "flac"), ("ogg", "libopus")],
)
def test_sounds(worker, container, codec):
    alike(worker, sine(container, codec))


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "MPO"])
def test_pictures(worker, name):
    file = io.BytesIO()
    Image.effect_noise((80, 60), 60).convert("RGB").save(file, name)
    alike(worker, file.getvalue())
    alike(worker, file.getvalue()[: len(file.getvalue()) * 2 // 3])


def test_real_media(worker, shared_media):
    for folder in ("video", "photos", "audio", "damaged"):
        for name in sorted((shared_media / folder).iterdir()):
            if name.stat().st_size < 2_000_000:
                alike(worker, name.read_bytes())
