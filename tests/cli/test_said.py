"""``marks``, ``search`` and ``export annotations`` on the command line."""

import json

import pytest

from daylight.catalogue.models import Entry
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.marks import Kind, Said, Span
from daylight.services import marks
from tests.cli.test_verbs import daylight
from tests.recordings import recording


@pytest.fixture
def said(ws):
    item = recording(ws, 1)
    who = custodian_here()
    words = "Надзиратель \x1bстоит".replace("\x1b", "") + " у двери"
    marks.make(ws, who, item.public_id, Kind.MARK, Said(words, Span(61_500_000, 62_000_000)))
    marks.make(ws, who, item.public_id, Kind.SEVERITY, Said(severity=2, tags=("threat",)))
    return ws.layout.root, item


def told(*words):
    done = daylight(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_they_tell_what_was_said(said, tmp_path):
    vault, item = said
    found = told("--vault", vault, "search", "надзиратели")
    assert (found["schema"], found["count"], found["more"]) == ("search/1", 1, False)
    assert found["hits"][0]["item"] == item.public_id
    plain = daylight("--vault", vault, "search", "надзиратели").stdout
    assert "1:01.5  mark" in plain
    assert "1 found." in plain
    every = told("--vault", vault, "marks", item.public_id)["marks"]
    assert [(one["kind"], one["severity"], one["span"]) for one in every] == [
        ("mark", None, [61_500_000, 62_000_000]),
        ("severity", 2, None),
    ]
    lines = daylight("--vault", vault, "marks").stdout
    assert "1:01.5 to 1:02.0  mark  not confirmed" in lines
    assert "all of it  severity 2" in lines
    done = daylight("--vault", vault, "export", "annotations", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    file = json.loads((tmp_path / "out/annotations.jsonld").read_text())
    assert file["total"] == 2
    leaves = [json.loads(bytes(one.leaf))["action"] for one in Entry.objects.all()]
    assert "annotations-exported" in leaves


def test_wrong_use_is_told(said, tmp_path):
    vault, _ = said
    for words, code in (
        (("search", "--", "-nothing"), 2),
        (("marks", "f" * 64), 2),
        (("export", "annotations", tmp_path), 2),
    ):
        done = daylight("--vault", vault, *words)
        assert done.returncode == code, done.stderr
        assert done.stderr.count("\n") <= 3
        assert "Traceback" not in done.stderr
