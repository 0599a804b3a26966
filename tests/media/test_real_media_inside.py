"""The sandbox takes nothing from honest work: the same pictures come out as without it."""

from pathlib import Path

import pytest

from daylight.media.executor import End, Task

MEDIA = Path(__file__).resolve().parents[3] / "shared" / "media"
KINDS = {".mp4", ".mov", ".mkv", ".avi", ".gif", ".wav", ".jpg", ".png", ".3gp", ".avif"}
BIGGEST = 8 << 20  # bytes


def test_real_files_decode_to_the_same_pictures(locked, unlocked):
    if not MEDIA.exists():
        pytest.skip("the shared folder of real media is not beside this checkout")
    files = sorted(p for p in MEDIA.rglob("*") if p.suffix in KINDS and p.stat().st_size < BIGGEST)
    assert len(files) > 20
    pictures = 0
    for path in files:
        with path.open("rb") as f:
            task = Task("picture_sums", {"frames": 8}, [f.fileno()])
            inside, outside = locked.run(task), unlocked.run(task)
        assert inside == outside, path.name
        assert inside.end in {End.DONE, End.FAILED}
        pictures += sum(m.untrusted_facts[0] for m in inside.messages)
    assert pictures > 100


def test_what_is_needed_for_renditions_encodes_inside(locked):
    outcome = locked.run(Task("encode", {}))
    assert (outcome.end, outcome.untrusted_reason) == (End.DONE, "")
    assert [(m.untrusted_kind, m.untrusted_facts) for m in outcome.messages] == [
        (codec, 10) for codec in ("libx264", "libx265", "libvpx-vp9", "libsvtav1", "mjpeg")
    ]
