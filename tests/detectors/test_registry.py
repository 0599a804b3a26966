import subprocess
import sys
from fractions import Fraction
from importlib.metadata import EntryPoint

import pytest

from daylight.detectors import loading, registry
from daylight.detectors.registry import Listed, Wants, applicable, listed
from daylight.domain.media import Kind, MediaFacts, State, StreamFacts


@pytest.fixture(autouse=True)
def forget():
    listed.cache_clear()
    yield
    listed.cache_clear()


def entries(monkeypatch, *made: EntryPoint) -> None:
    monkeypatch.setattr(
        registry, "entry_points", lambda group: [m for m in made if m.group == group]
    )


GOOD = Listed(3, Wants.STILL, "daylight.detectors.still:Still")
NOT_ONE = "a string"
OF_STILL = EntryPoint("other", f"{__name__}:GOOD", registry.GROUP)


def test_every_detector_is_what_its_line_says():
    loaded = loading.load()
    assert sorted(loaded) == sorted(listed())
    for name, one in loaded.items():
        assert (one.name, one.version, one.wants) == (
            name,
            listed()[name].version,
            listed()[name].wants,
        )


def test_another_package_adds_one(monkeypatch):
    entries(monkeypatch, OF_STILL)
    assert listed()["other"] == GOOD


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("bad", f"{__name__}:NOT_ONE", TypeError),
        ("bad", "no_such_module:it", ModuleNotFoundError),
        ("filmstrip", f"{__name__}:GOOD", TypeError),
    ],
)
def test_a_broken_one_stops_the_start(monkeypatch, name, value, error):
    entries(monkeypatch, EntryPoint(name, value, registry.GROUP))
    with pytest.raises(error):
        listed()


def test_one_that_is_not_what_it_is_listed_as_stops_the_start(monkeypatch):
    entries(monkeypatch, OF_STILL)
    with pytest.raises(TypeError, match="other"):
        loading.load()


def test_names_are_read_without_numpy_and_ffmpeg():
    code = (
        "import sys; from daylight.detectors.registry import listed; listed();"
        "print([m for m in ('av', 'numpy', 'PIL', 'scipy') if m in sys.modules])"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "[]"


def stream(media: str) -> StreamFacts:
    return StreamFacts(0, media, "x", Fraction(1))


@pytest.mark.parametrize(
    ("facts", "wants"),
    [
        (MediaFacts(Kind.VIDEO, State.OK, key_frames=3), {Wants.KEY_FRAMES}),
        (
            MediaFacts(Kind.VIDEO, State.DAMAGED, key_frames=3, streams=(stream("audio"),)),
            {Wants.KEY_FRAMES, Wants.SAMPLES},
        ),
        (MediaFacts(Kind.VIDEO, State.UNREADABLE, key_frames=3), set()),
        (MediaFacts(Kind.AUDIO, State.OK, streams=(stream("audio"),)), {Wants.SAMPLES}),
        (MediaFacts(Kind.IMAGE, State.OK), {Wants.STILL}),
        (MediaFacts(Kind.DOCUMENT, State.OK), set()),
        (MediaFacts(Kind.EMPTY, State.OK), set()),
    ],
)
def test_what_can_be_fed(facts, wants):
    assert applicable(facts) == wants
