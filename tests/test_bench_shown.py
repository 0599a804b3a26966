"""The truth of the bench of clocks: a picture's own, wherever a copy puts it."""

import io
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.bench.clocks import Truth
from tests.bench.shown import Shown, key_digests
from tests.media.test_salvage import RATE, REORDERED, recording

CAMERA = {"camera": "c"}


def _cut_by_count(source: bytes, path: Path, first: float) -> list[float]:
    """As ``make_archive.py`` trims: packets counted as they are stored. The key frames' times."""
    times: list[float] = []
    with av.open(io.BytesIO(source)) as media, av.open(str(path), "w", format="matroska") as out:
        video = media.streams.video[0]
        stream, begun, number = out.add_stream_from_template(video), None, 0
        for count, packet in enumerate(one for one in media.demux(video) if one.size):
            if begun is None and not (packet.is_keyframe and count >= first * RATE):
                continue
            begun = count if begun is None else begun
            later = int((packet.pts - packet.dts) * packet.time_base * 1000)
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.dts = number * 1000 // RATE
            packet.pts = packet.dts + later
            times += [packet.pts / 1000] if packet.is_keyframe else []
            out.mux(packet)
            number += 1
    return [one - times[0] for one in times]


def test_a_copy_cut_by_packets_shows_what_its_pictures_show(tmp_path):
    """The second key frame, shown at 1.2 s, is stored as the tenth picture: the count finds it too early."""
    source = recording("libx265", 1, words=REORDERED["libx265"])
    (tmp_path / "whole.mp4").write_bytes(source)
    keys = _cut_by_count(source, tmp_path / "cut.mkv", 1.2)
    start = 1_614_859_200.5
    files = {
        "whole.mp4": CAMERA | {"kind": "recording", "burnt_start": "2021-03-04T12:00:00.500Z"},
        "cut.mkv": CAMERA | {"kind": "copy", "copy": "trimmed", "original": "whole.mp4"},
    }
    truth = Truth(tmp_path, files)
    whole = truth.of("whole.mp4", [0.0, 1.2, 2.4, 3.6, 4.8])
    cut = truth.of("cut.mkv", keys)
    assert whole(2.4) == start + 2.4
    assert cut(0.0) == start + 2.4  # and not 1.2, where the count says that it begins
    assert cut(keys[-1]) == start + 4.8
    with pytest.raises(ValueError, match="no key frame"):
        cut(0.5)


def test_a_picture_that_no_recording_has_is_not_told(tmp_path):
    path = tmp_path / "one.mp4"
    path.write_bytes(recording("libx264", 1, words="scenecut=0:bframes=0", frames=13))
    pictures, shown = key_digests(path), Shown()
    with pytest.raises(KeyError):
        shown.told("c", pictures)
    shown.learn("c", pictures, [3.0, 4.2])
    assert shown.told("c", pictures) == [3.0, 4.2]
    with pytest.raises(KeyError):
        shown.told("another", pictures)
    with pytest.raises(ValueError, match="two times"):
        shown.learn("c", pictures, [3.0, 5.2])
    with pytest.raises(ValueError, match="shorter|longer"):
        shown.learn("c", pictures, [3.0])
