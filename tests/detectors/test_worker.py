"""The real workers in their sandbox: nothing may be loaded there that the warm-up did not load."""

import io
import sys
from collections.abc import Iterator

import pytest
from PIL import Image

from daylight.detectors.programs import PROGRAMS
from daylight.detectors.registry import listed
from daylight.media.executor import End, Executor, Task
from daylight.media.facts_json import to_json
from daylight.media.inline import InlineExecutor
from daylight.media.pool import ZygotePool
from daylight.media.probe import probe
from tests.media.films import FORMATS, film, opened, sine
from tests.media.test_salvage import ELSEWHERE, PLAIN, REORDERED, recording, without_index
from tests.media.test_salvage_sound import film as with_sound

ALL = sorted(listed())


@pytest.fixture(scope="module")
def worker() -> Iterator[Executor]:
    with ZygotePool([sys.executable, "-m", "daylight.detectors.worker"], 1) as pool:
        yield pool


@pytest.fixture(scope="module")
def examiner() -> Iterator[Executor]:
    """Which has been warmed up for less."""
    with ZygotePool([sys.executable, "-m", "daylight.detectors.examiner"], 1) as pool:
        yield pool


def alike(examiner: Executor, data: bytes) -> None:
    """Inside as outside, byte for byte."""
    inline = InlineExecutor(PROGRAMS, i_am_a_test=True)
    with opened(data) as media:
        task = Task("examine", {"detectors": ALL}, [media])
        inside, outside = examiner.run(task), inline.run(task)
    assert inside.end is End.DONE, inside.untrusted_reason
    assert inside.messages == outside.messages
    assert not [m for m in inside.messages if m.untrusted_kind == "failed"]


@pytest.mark.parametrize(("container", "codec", "name"), FORMATS)
def test_films(examiner, container, codec, name):
    alike(examiner, film(container, codec, sound=container in ("mp4", "matroska", "mpegts")))


@pytest.mark.parametrize(
    ("container", "codec"),
    [("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("flac", "flac"), ("ogg", "libopus")],
)
def test_sounds(examiner, container, codec):
    alike(examiner, sine(container, codec))


@pytest.mark.parametrize(
    ("container", "codec"),
    [("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("flac", "flac"), ("ogg", "libopus")],
)
def test_sounds_handed_out(worker, container, codec):
    inline = InlineExecutor(PROGRAMS, i_am_a_test=True)
    with opened(sine(container, codec)) as media:
        task = Task("samples", {"facts": to_json(probe(media).facts)}, [media])
        inside, outside = worker.run(task), inline.run(task)
    assert inside.end is End.DONE, inside.untrusted_reason
    assert inside.messages == outside.messages
    assert [m.untrusted_kind for m in inside.messages][-1] == "end"
    assert len(inside.messages) > 1


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "MPO"])
def test_pictures(examiner, name):
    file = io.BytesIO()
    Image.effect_noise((80, 60), 60).convert("RGB").save(file, name)
    alike(examiner, file.getvalue())
    alike(examiner, file.getvalue()[: len(file.getvalue()) * 2 // 3])


def test_real_media(examiner, shared_media):
    for folder in ("video", "photos", "audio", "damaged"):
        for name in sorted((shared_media / folder).iterdir()):
            if name.stat().st_size < 2_000_000:
                alike(examiner, name.read_bytes())


@pytest.mark.parametrize("words", [PLAIN, REORDERED], ids=["plain", "reordered"])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_salvage(worker, codec, words):
    lost, sibling = (recording(codec, n, words=words[codec], frames=40) for n in (1, 2))
    salvaged_alike(worker, "mp4", without_index(lost), sibling)
    salvaged_alike(worker, "mp4", bytes(512) + lost[512:])


@pytest.mark.parametrize("container", ["matroska", "avi"])
def test_salvage_of_heads(worker, container):
    whole, sibling = (film(container, "libx264", noise=n, frames=60) for n in (60, 90))
    salvaged_alike(worker, container, bytes(512) + whole[512:], sibling)


@pytest.mark.parametrize(("lender", "codec"), ELSEWHERE)
def test_salvage_with_what_another_container_lends(worker, lender, codec):
    lost = without_index(recording(codec, 1, words=PLAIN[codec], frames=40))
    sibling = recording(codec, 2, words=PLAIN[codec], frames=40, container=lender)
    salvaged_alike(worker, "mp4", lost, sibling, lender)


@pytest.mark.parametrize("codec", ["aac", "pcm_alaw"])
def test_salvage_of_sound(worker, codec):
    salvaged_alike(worker, "mp4", without_index(with_sound(codec, 1)), with_sound(codec, 2))


def salvaged_alike(
    worker: Executor, container: str, damaged: bytes, sibling: bytes = b"", lender: str = ""
) -> None:
    inline = InlineExecutor(PROGRAMS, i_am_a_test=True)
    with opened(damaged) as one, opened(sibling) as other:
        files = [one, *([other] if sibling else [])]
        request = {"container": container, "trial": False, "lender": lender or container}
        task = Task("salvage", request, files)
        inside, outside = worker.run(task), inline.run(task)
    assert inside.end is End.DONE, inside.untrusted_reason
    assert inside.messages == outside.messages
