from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from daylight.analyses.integrity import FEWEST, MOSTLY, VERSION, Written, remarks
from daylight.analyses.registry import ANALYSES

PLAIN = Written(
    item=b"",
    camera="gate",
    codec="h264",
    size=(704, 576),
    fps=12.0,
    layout_id="a",
    strings=("DVR 4.1",),
    parameters_id="p",
    time_base=(1, 12288),
    group=24,
)


def many(count: int, **change) -> list[Written]:
    start = ord(change.pop("start", "A"))
    return [replace(PLAIN, item=bytes([start + n]), **change) for n in range(count)]


def test_it_is_listed():
    assert ANALYSES["integrity"].version == VERSION
    assert ANALYSES["integrity"].detectors == ("structure",)


def test_files_that_are_written_alike_give_no_remark():
    assert remarks(many(9)) == []
    assert remarks([]) == []


def test_the_odd_one_is_told_in_each_trait():
    odd = replace(
        PLAIN, item=b"z", layout_id="b", strings=("Lavf",), parameters_id="q",
        time_base=(1, 90_000), group=250,
    )  # fmt: skip
    found = remarks([*many(4), odd])
    assert {one.item for one in found} == {b"z"}
    assert [one.observation.sign for one in found] == [
        "encoding-differs",
        "layout-differs",
        "rhythm-differs",
        "time-base-differs",
        "writer-differs",
    ]
    assert {(one.among, one.share, one.placed) for one in found} == {(4, 0.8, True)}
    for one in found:
        said = one.observation
        words = f"{said.text} {said.can} {said.cannot}".lower()
        assert "this camera" in said.text
        assert not any(word in words for word in ("forged", "authentic", "fake", "genuine"))


def test_another_camera_is_no_company():
    others = many(4, camera="yard", layout_id="b", start="a")
    assert remarks([*many(4), *others]) == []


def test_without_a_camera_those_of_one_shape_are_compared_and_that_is_said():
    unplaced = many(4, camera=None)
    odd = replace(PLAIN, item=b"z", camera=None, layout_id="b")
    other = replace(PLAIN, item=b"y", camera=None, layout_id="c", size=(1920, 1080))
    (only,) = remarks([*unplaced, odd, other])
    assert (only.item, only.placed) == (b"z", False)
    assert "this camera" not in only.observation.text


def test_few_files_and_no_habit_say_nothing():
    assert remarks([*many(1), *many(1, layout_id="b", start="a")]) == []
    assert remarks([*many(3), *many(3, layout_id="b", start="a")]) == []


def test_what_a_file_does_not_have_is_not_compared():
    assert (
        remarks([*many(4), replace(PLAIN, item=b"z", layout_id="", parameters_id="", group=None)])
        == []
    )


@given(
    st.lists(st.tuples(st.sampled_from("gh"), st.sampled_from("abc"), st.sampled_from([12, None])))
)
def test_only_a_minority_is_ever_remarked_whatever_the_order(rows):
    files = [
        replace(PLAIN, item=bytes([n]), camera=camera, layout_id=layout, group=group)
        for n, (camera, layout, group) in enumerate(rows[:200])
    ]
    found = remarks(files)
    assert found == remarks(reversed(files))
    for one in found:
        assert one.share >= MOSTLY
        assert one.among >= FEWEST - 1
