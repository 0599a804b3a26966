import pytest

from daylight.catalogue.queries.found import FindingView
from daylight.web.found import told


def of(detector: str, facts: dict, failed: str = "") -> list:
    return [
        (one.title, one.value, one.by) for one in told([FindingView(detector, 2, failed, facts)])
    ]


def test_only_what_was_found_is_told_with_who_found_it():
    moving = {"compared": 9, "active_s": 12.5, "longest_still_s": 0.0}
    assert of("activity", moving) == [("Something moves", "12.5 s", "activity/2")]
    assert of("activity", {"compared": 0}) == []
    assert of("shots", {"cuts": 0}) == []
    assert of("shots", {"cuts": 3}) == [("Cuts", "3", "shots/2")]
    lens = {"black_s": 0.0, "covered_s": 61.0, "frozen_s": 0.0}
    assert of("lens", lens) == [("Picture without detail", "1:01", "lens/2")]


def test_sound_is_told_as_a_possibility():
    facts = {"speech": {"seconds": 3.0}, "silence": {"seconds": 0.0}, "loud": {"count": 2}}
    assert [title for title, _, _ in of("sound", facts)] == [
        "Somebody may speak",
        "Sudden loud sounds",
    ]


def test_a_model_s_word_is_told_as_a_possibility_too():
    assert of("speech", {"seconds": 0.0}) == []
    assert of("speech", {"seconds": 61.0}) == [("Somebody may speak", "1:01", "speech/2")]


@pytest.mark.parametrize("detector", ["filmstrip", "structure", "another"])
def test_what_only_serves_others_is_not_told(detector):
    assert of(detector, {"untrusted_layout": "<b>"}) == []


def test_a_failure_is_told_without_a_word_of_the_file():
    ((title, value, by),) = of("activity", {}, failed="<script>")
    assert (title, by) == ("activity", "activity/2")
    assert "<" not in value
