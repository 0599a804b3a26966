"""``daylight views`` as people meet it."""

import json

from tests.cli.test_verbs import daylight, vault  # noqa: F401  # a fixture


def cards_of(text):
    lines = text.splitlines()
    return [lines[n + 1] for n, line in enumerate(lines) if line.startswith("Card ")]


def test_setup_prints_cards_once_and_audit_takes_them(vault, tmp_path):  # noqa: F811
    at = ("--vault", vault)
    made = daylight(*at, "views", "setup", "--shares", "2/3", "--days", 30)
    cards = cards_of(made.stdout)
    assert (made.returncode, len(cards)) == (0, 3)
    files = []
    for number, words in enumerate(cards):
        assert len(words.split()) == 33
        (tmp_path / f"card{number}").write_text(words)
        files += ["--shares", tmp_path / f"card{number}"]
    told = daylight(*at, "views", "audit", *files[:4], "--json")
    assert json.loads(told.stdout) == {"schema": "views/1", "views": [], "closed": 0}
    assert daylight(*at, "views", "audit", *files[:2]).returncode == 3
    assert daylight(*at, "views", "destroy").stdout == "Destroyed: 0 days.\n"
    for wrong in ("3", "3/2", "x/y", "1/2"):
        assert daylight(*at, "views", "setup", "--shares", wrong).returncode == 2
    assert daylight(*at, "verify").returncode == 0
