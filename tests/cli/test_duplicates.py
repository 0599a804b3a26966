"""``daylight duplicates`` and films that are known outside, as scripts meet them."""

import json

from tests.cli.test_verbs import daylight, vault  # noqa: F401  # a fixture
from tests.detectors.clocked import clocked_film


def test_known_films_are_listed_found_later_and_forgotten(vault, tmp_path):
    public, disk = tmp_path / "public", tmp_path / "disk"
    for folder in (public, disk):
        folder.mkdir()
        (folder / "film.mp4").write_bytes(clocked_film(3_000, seconds=4))
    done = daylight(
        "--vault", vault, "duplicates", "--against", public, "--note", "a channel", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["contested"] == []
    (film,) = json.loads(daylight("--vault", vault, "duplicates", "--known", "--json").stdout)[
        "known"
    ]
    assert (film["name"], film["note"], film["items"]) == ("film.mp4", "a channel", 0)
    assert daylight("--vault", vault, "import", disk).returncode == 0
    told = daylight("--vault", vault, "duplicates", "--known")
    assert "in 1 items  film.mp4  a channel" in told.stdout
    assert daylight("--vault", vault, "duplicates", "--forget", film["id"]).returncode == 2
    done = daylight("--vault", vault, "duplicates", "--forget", film["id"], "--reason", "ours")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    found = json.loads(daylight("--vault", vault, "duplicates", "--json").stdout)
    assert found["contested"] == []
