"""How work tells that it lives: what is done, of how much, how fast, and how long the rest takes."""

import io

import pytest
from rich.console import Console

from daylight.cli import bars, output
from daylight.cli.output import progress


@pytest.fixture
def clock(monkeypatch):
    """Time that goes only when it is told to."""
    now = [100.0]
    monkeypatch.setattr(output.time, "monotonic", lambda: now[0])
    return now


def test_steps_are_told_with_rate_and_rest(clock, capsys):
    with progress("compare", "pairs") as shown:
        shown.total(amount=-1, steps=40)
        clock[0] += 5
        shown.advance(steps=10)
        shown.total(amount=-1, steps=60)  # what was seen asks for more
        clock[0] += 5
        shown.advance(steps=10)
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "compare: 10 of 40 pairs, 2.0/s, about 15 s left"
    assert told[1] == "compare: 20 of 60 pairs, 2.0/s, about 20 s left"


def test_where_nobody_knows_how_much_there_is_no_rest_is_told(clock, capsys):
    with progress("ledger", "entries") as shown:
        clock[0] += 5
        shown.advance(steps=10)
    assert capsys.readouterr().err.splitlines() == ["ledger: 10 entries", "ledger: 10 entries"]


def test_files_are_told_in_bytes(clock, capsys):
    with progress("import") as shown:
        shown.total(amount=4_000_000, steps=4)
        clock[0] += 5
        shown.advance(amount=1_000_000, steps=1)
        shown.advance(amount=3_000_000, steps=3)
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "import: 1 files, 1 MB, 0 MB/s, about 15 s left",
        "import: 4 files, 4 MB, 1 MB/s",
    ]


@pytest.mark.parametrize(("unit", "words"), [("pairs", "20/60"), ("files", "3.0/9.0 MB")])
def test_a_terminal_gets_a_bar(monkeypatch, unit, words):
    screen = io.StringIO()
    monkeypatch.setattr(output.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(
        bars, "Console", lambda **_: Console(file=screen, force_terminal=True, width=160)
    )
    with progress("compare", unit) as shown:
        shown.total(amount=9_000_000, steps=60)
        shown.advance(amount=3_000_000, steps=20)
        shown.say("and so on")
    said = screen.getvalue()
    assert words in said
    assert unit in said
    assert "and so on" in said
