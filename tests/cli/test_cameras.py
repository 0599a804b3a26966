"""Cameras, places and clocks at the command line, over real films."""

import io
import json

import av
import numpy as np
import pytest

from tests.cli.test_verbs import daylight, vault  # noqa: F401  # a fixture


def filmed(camera: int, number: int) -> bytes:
    """A room of some rectangles, and one that walks through it: every recording its own way."""
    scene, walk = np.random.default_rng(camera), np.random.default_rng(100 + number)
    room = np.full((96, 128), 90, np.uint8)
    for _ in range(14):
        y, x = scene.integers(0, 80), scene.integers(0, 100)
        room[y : y + scene.integers(6, 40), x : x + scene.integers(6, 40)] = scene.integers(20, 230)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as made:
        stream = made.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 128, 96, "yuv420p", 5
        for _ in range(60):
            grey = room.copy()
            y, x = walk.integers(0, 70), walk.integers(0, 100)
            grey[y : y + 26, x : x + 20] = walk.integers(0, 255)
            frame = av.VideoFrame.from_ndarray(
                np.vstack([grey, np.full((48, 128), 128, np.uint8)]), "yuv420p"
            )
            made.mux(stream.encode(frame))
        made.mux(stream.encode())
    return file.getvalue()


@pytest.fixture
def filled(vault, tmp_path):  # noqa: F811
    disk = tmp_path / "disk"
    for number in range(4):
        folder = disk / "SITE-9" / f"CAM {number % 2}" / "2021-03-04"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.mp4").write_bytes(filmed(number % 2, number))
    done = daylight("--vault", vault, "import", disk, "--json")
    assert done.returncode == 0, done.stderr

    def run(*words, code=0):
        told = daylight("--vault", vault, *words)
        assert told.returncode == code, told.stderr
        return told

    return run


def test_from_proposals_to_words(filled, tmp_path):
    told = json.loads(filled("cameras", "--json").stdout)
    assert told["schema"] == "cameras/1"
    assert [(one["number"], one["recordings"], one["confirmed"]) for one in told["cameras"]] == [
        (1, 2, False),
        (2, 2, False),
    ]
    assert {one["path_camera"] for one in told["cameras"]} == {"CAM 0", "CAM 1"}
    assert "CAM 0" not in filled("cameras").stdout
    assert "CAM 0" in filled("cameras", "--paths").stdout
    said = json.loads(
        filled("place", "--proposed", "1", "--camera", "gate", "--reason", "seen", "--json").stdout
    )
    assert (said["schema"], len(said["items"])) == ("place/1", 2)
    item = said["items"][0]
    filled("place", item, "--camera", "yard", "--facility", "north", "--reason", "no, there")
    named = {one["name"]: one for one in json.loads(filled("cameras", "--json").stdout)["cameras"]}
    assert (named["gate"]["recordings"], named["yard"]["facility"]) == (1, "north")
    entry = json.loads(
        filled(
            "clock", "gate", "--offset", "-00:00:55.8", "--uncertainty", "2", "--reason", "radio",
            "--zone", "Europe/Moscow", "--from", "2021-03-04 00:00:00", "--json",
        ).stdout
    )  # fmt: skip
    assert entry["schema"] == "clock/1"
    (offset,) = json.loads(filled("cameras", "--json").stdout)["cameras"][0]["offsets"]
    assert (offset["offset_s"], offset["uncertainty_s"], offset["from"]) == (
        -55.8, 2.0, "2021-03-04T00:00:00.000",
    )  # fmt: skip
    assert "-0:00:55.8 ± 2 s" in filled("cameras").stdout
    filled(
        "clock", "gate", "--uncertainty", "1", "--reason", "two calls",
        "--reading", "2021-03-04 12:00:00 = 2021-03-04 12:00:10",
        "--reading", "2021-03-14 12:00:00 = 2021-03-14 12:00:30",
    )  # fmt: skip
    (_, drifting) = json.loads(filled("cameras", "--json").stdout)["cameras"][0]["offsets"]
    assert (drifting["offset_s"], drifting["at"]) == (20.0, "2021-03-09T12:00:00.000")
    assert (drifting["drift_ppm"], drifting["drift_uncertainty_ppm"]) == (23.1, 2.3)
    assert "order of the dates" in filled("clock", "gate", "--dates", "dmy", "--reason", "x").stdout
    assert "dates: dmy, by a person" in filled("cameras").stdout
    assert json.loads(filled("cameras", "--json").stdout)["cameras"][0]["dates"] == "dmy"
    made = json.loads(filled("timeline", "--json").stdout)
    assert (made["schema"], made["items"], len(made["unplaced"])) == ("timeline/1", 4, 4)
    filled("timeline", "--svg", tmp_path / "t.svg")
    assert (tmp_path / "t.svg").read_text().startswith("<svg")
    assert "[usage]" in filled("timeline", "--svg", tmp_path / "t.svg", code=2).stderr
    assert "4 of 4 recordings have no time." in filled("timeline").stdout
    assert json.loads(filled("ledger", "check", "--json").stdout)["ok"] is True


WRONG = [
    ["clock", "1", "--offset", "1", "--reason", "x"],
    ["clock", "1", "--dates", "dym", "--reason", "x"],
    ["clock", "1", "--dates", "dmy", "--uncertainty", "1", "--reason", "x"],
    ["clock", "1", "--dates", "dmy", "--zone", "Europe/Moscow", "--reason", "x"],
    ["clock", "1", "--dates", "dmy", "--from", "2021-03-04 12:00:00", "--reason", "x"],
    ["place", "--reason", "x"],
    ["place", "ITEM", "--reason", "x"],
    ["place", "ITEM", "--proposed", "1", "--camera", "a", "--reason", "x"],
    ["place", "--proposed", "77", "--reason", "x"],
    ["place", "--proposed", "1", "--camera", "a", "--names-from-paths", "--reason", "x"],
    ["clock", "77", "--offset", "1", "--uncertainty", "1", "--reason", "x"],
    ["clock", "1", "--uncertainty", "1", "--reason", "x"],
    ["clock", "1", "--reading", "2021-03-04 = 2021-03-04", "--uncertainty", "1", "--reason", "x"],
    ["clock", "1", "--offset", "1", "--drift", "1", "--uncertainty", "1", "--reason", "x"],
    ["clock", "1", "--offset", "1", "--drift", "nan", "--uncertainty", "1", "--reason", "x"],
    ["clock", "1", "--offset", "noon", "--uncertainty", "1", "--reason", "x"],
    ["clock", "1", "--offset", "1", "--uncertainty", "-1", "--reason", "x"],
    ["clock", "1", "--offset", "1", "--uncertainty", "nan", "--reason", "x"],
    ["clock", "1", "--offset", "1", "--uncertainty", "1", "--zone", "Mars", "--reason", "x"],
    ["clock", "1", "--offset", "1", "--uncertainty", "1", "--from", "2021-13-01", "--reason", "x"],
]


def test_wrong_use_is_told_in_a_line(filled):
    item = json.loads(filled("items", "--json").stdout)[0]["item"]
    for words in WRONG:
        told = filled(*[item if word == "ITEM" else word for word in words], code=2)
        assert told.stderr.strip().endswith("[usage]")
        assert len(told.stderr.strip().splitlines()) == 1
