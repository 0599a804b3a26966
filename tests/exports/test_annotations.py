"""Marks as annotations: by the W3C's own assertions, and by what Media Fragments can say."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from daylight.domain.digest import Digest
from daylight.domain.marks import MAX_US, WHOLE, Key, Kind, Said, Span, Sureness
from daylight.exports.annotations import Annotated, annotation, collection

VECTORS = Path(__file__).resolve().parents[3] / "shared/vectors/web-annotation"
AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
SAID = Said(
    "Он падает.",
    Span(2_000_000, 5_500_000),
    (Key(2_000_000, 1000, 1010, 2000, 3000), Key(5_000_000, 3000, 1000, 2000, 3000)),
    ("beating",),
    Sureness.LIKELY,
)

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason="the W3C's assertions are not here")


def mark(said=SAID, kind=Kind.MARK, number=1):
    return Annotated(f"{number:032x}", Digest(bytes(32)), kind, 2, said, 1, AT, AT, (2,))


MARKS = [
    mark(),
    mark(Said("whole"), Kind.DESCRIPTION, 2),
    mark(Said("", None, (), ("death",), severity=4), Kind.SEVERITY, 3),
    mark(Said("moment", Span(7, 7)), number=4),
    mark(Said("still", None, (Key(0, 0, 0, WHOLE, WHOLE),)), number=5),
    mark(Said("box", Span(0, 9_000_000), (Key(4, 1, 1, 1, 1),)), number=6),
]


def registry() -> Registry:
    found = [
        Resource.from_contents(json.loads(path.read_text()), default_specification=DRAFT4)
        for path in sorted((VECTORS / "definitions").glob("*.json"))
    ]
    return Registry().with_resources((one.contents["id"], one) for one in found)


def assertions(folder: str) -> list[Path]:
    """Those that must hold; some say that a document must not be valid against them."""
    found = sorted((VECTORS / folder).rglob("*.json"))
    return [path for path in found if json.loads(path.read_text()).get("assertionType") == "must"]


@pytest.mark.parametrize("path", assertions("annotations"), ids=lambda path: path.stem)
def test_every_mark_passes_what_annotations_must(path):
    schema = json.loads(path.read_text())
    judge = Draft4Validator(schema, registry=registry())
    for one in MARKS:
        wanted = schema.get("expectedResult", "valid") == "valid"
        assert judge.is_valid(annotation(one)) == wanted, one


@pytest.mark.parametrize("path", assertions("collections"), ids=lambda path: path.stem)
def test_the_collection_passes_what_collections_must(path):
    schema = json.loads(path.read_text())
    judge = Draft4Validator(schema, registry=registry())
    wanted = schema.get("expectedResult", "valid") == "valid"
    assert judge.is_valid(collection(MARKS, AT)) == wanted


def test_the_judges_judge():
    """They refuse the W3C's own wrong samples, or nothing above means anything."""
    schemas = [json.loads(path.read_text()) for path in assertions("annotations")]
    judges = [
        (Draft4Validator(one, registry=registry()), one.get("expectedResult", "valid") == "valid")
        for one in schemas
    ]
    wrong = [
        text for text in map(loaded, (VECTORS / "tools/samples/incorrect").rglob("*.json")) if text
    ]
    assert len(assertions("annotations")) > 10
    assert wrong
    refused = [one for one in wrong if any(judge.is_valid(one) != ok for judge, ok in judges)]
    assert len(refused) > len(wrong) / 2


def loaded(path):
    try:
        return json.loads(path.read_text())
    except ValueError:  # some of them are wrong in that way
        return None


def values(said):
    target = annotation(mark(said))["target"]
    targets = target if isinstance(target, list) else [target]
    return [one["selector"]["value"] for one in targets if "selector" in one]


def test_spans_and_regions_stand_as_fragments():
    assert values(Said("x")) == []
    assert values(Said("x", Span(1_500_000, 3_000_000))) == ["t=1.5,3"]
    assert values(Said("x", Span(7, 7))) == ["t=0.000007,0.000008"]
    assert values(Said("x", None, (Key(0, 150, 0, 100, 5000),))) == ["xywh=percent:1,0,2,50"]
    assert values(SAID) == [
        "t=2,5&xywh=percent:10,10,40,31",  # wherever it is between the two
        "t=5,5.5&xywh=percent:30,10,20,30",
    ]


def test_it_names_the_original_and_nobody():
    text = json.dumps(collection(MARKS, AT))
    assert "ni:///sha-256;AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" in text
    assert set(re.findall(r"person \d+", text)) == {"person 1", "person 2"}


@st.composite
def regions(draw):
    times = sorted(draw(st.sets(st.integers(0, MAX_US), min_size=1, max_size=6)))
    found = []
    for at in times:
        left, top = draw(st.integers(0, WHOLE - 1)), draw(st.integers(0, WHOLE - 1))
        width, height = draw(st.integers(1, WHOLE - left)), draw(st.integers(1, WHOLE - top))
        found.append(Key(at, left, top, width, height))
    return tuple(found)


@given(regions())
def test_every_fragment_lies_in_the_picture_and_covers_its_key_frames(region):
    for value in values(Said("x", None, region)):
        left, top, width, height = map(int, value.split("percent:")[1].split(","))
        assert left + width <= 100
        assert top + height <= 100
        assert width > 0
        assert height > 0
