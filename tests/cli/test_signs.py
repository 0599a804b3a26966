"""``daylight signs`` over real films."""

import json

from tests.cli.test_verbs import daylight, vault  # noqa: F401  # a fixture
from tests.media.films import film


def test_signs_of_an_archive(vault, tmp_path):  # noqa: F811
    disk = tmp_path / "disk"
    disk.mkdir()
    for number in range(3):
        (disk / f"{number}.mp4").write_bytes(film("mp4", "libx264", noise=number + 3))
    (disk / "odd.mp4").write_bytes(
        film("mp4", "libx264", noise=9, options={"movflags": "frag_keyframe+empty_moov"})
    )
    done = daylight("--vault", vault, "import", disk, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(daylight("--vault", vault, "signs", "--json").stdout)
    assert told["schema"] == "signs/1"
    assert len(told["items"]) == 4
    plain = daylight("--vault", vault, "signs")
    assert plain.returncode == 0, plain.stderr
    every = daylight("--vault", vault, "signs", "--all").stdout
    assert every.count("also converts and edits video") == 4
    words = (plain.stdout + every).lower()
    assert not any(word in words for word in ("forged", "authentic", "fake"))
