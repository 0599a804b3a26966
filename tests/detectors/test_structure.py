from dataclasses import replace
from fractions import Fraction

import pytest

from daylight.detectors.base import Partial, Span, Subject
from daylight.detectors.structure import Structure, observations
from daylight.domain.media import Kind, MediaFacts, State
from daylight.media.container_signs import ContainerSigns

ABOUT = Subject(MediaFacts(Kind.VIDEO, State.OK), None)
CALM = ContainerSigns(
    layout="ftyp(isom) mdat moov",
    untrusted_strings=("DVR 4.1",),
    parameters="ab" * 8,
    parameter_sets=1,
    groups=((25, 40),),
    time_base=Fraction(1, 90_000),
    video_streams=1,
    order=("video", "audio"),
)
SPAN = ((Fraction(5), Fraction(60)), (Fraction(100), Fraction(3)))


def found(signs: ContainerSigns):
    session = Structure().start(ABOUT, Span(0, 0))
    session.push(signs)
    return Structure().merge(ABOUT, [session.finish()]).facts


def test_a_calm_recording_is_described_without_an_observation():
    facts = found(CALM)
    assert facts["observations"] == []
    assert facts["untrusted_layout"] == "ftyp(isom) mdat moov"
    assert len(facts["layout_id"]) == 16
    assert (facts["group"], facts["irregular_groups"]) == (25, 0)
    assert facts["time_base"] == [1, 90_000]
    assert found(replace(CALM, layout="moov mdat"))["layout_id"] != facts["layout_id"]


@pytest.mark.parametrize(
    ("change", "sign"),
    [
        ({"gaps": SPAN, "gap_count": 2}, "gaps"),
        ({"back": SPAN, "back_count": 2}, "times-run-back"),
        ({"parameter_sets": 3}, "parameters-change"),
        ({"video_streams": 2}, "several-videos"),
        ({"groups": ((25, 40), (13, 2))}, "key-frames-off-beat"),
        ({"untrusted_strings": ("x", "Lavf58.29.100")}, "software-named"),
    ],
)
def test_each_sign_is_told_with_what_it_can_and_cannot_mean(change, sign):
    (only,) = observations(replace(CALM, **change))
    assert only.sign == sign
    assert all(text.endswith(".") for text in (only.text, only.can, only.cannot))
    told = f"{only.text} {only.can} {only.cannot}".lower()
    assert not any(word in told for word in ("forged", "authentic", "fake", "tamper", "genuine"))


def test_the_longest_gap_is_named():
    (only,) = observations(replace(CALM, gaps=SPAN, gap_count=70))
    assert "70 times" in only.text
    assert "60.0 s, at 5.0 s" in only.text
    assert found(replace(CALM, gaps=SPAN, gap_count=70))["gaps"] == {
        "count": 70,
        "spans": [[5000, 60_000], [100_000, 3000]],
    }


@pytest.mark.parametrize("groups", [(), ((25, 2), (24, 1)), ((25, 10), (13, 10))])
def test_no_rhythm_is_spoken_of_where_there_is_none(groups):
    facts = found(replace(CALM, groups=groups))
    assert (facts["group"], facts["irregular_groups"], facts["observations"]) == (None, 0, [])


def test_nothing_was_pushed():
    session = Structure().start(ABOUT, Span(0, 0))
    assert Structure().merge(ABOUT, [session.finish()]).facts["observations"] == []
    with pytest.raises(ValueError, match="one piece"):
        Structure().merge(ABOUT, [Partial({}), Partial({})])
