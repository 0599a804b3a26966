from xml.etree import ElementTree as ET

from daylight.domain.sameness import ActiveSpan
from daylight.domain.timeline import SECOND, By, Mark, Row, Stretch
from daylight.exports.timeline_svg import draw

HOUR = 3600 * SECOND


def drawn(*rows: Row, untimed: int = 0) -> ET.Element:
    return ET.fromstring(draw(rows, untimed))


def every(root: ET.Element, css: str) -> list[ET.Element]:
    return [one for one in root.iter() if one.get("class") == css]


def test_clocks_marks_and_copies_are_told_apart():
    held = Row(
        "a", 1, "yard", "site", "", True,
        (
            Stretch("1", 0, HOUR, By.REAL, activity=(ActiveSpan(0, HOUR // 2, 1.0),)),
            Stretch("2", 2 * HOUR, 3 * HOUR, By.BURNT, marks=Mark.DAMAGED),
            Stretch("3", 4 * HOUR, 5 * HOUR, By.CONTAINER, marks=Mark.CONTESTED, copies=("4", "5")),
        ),
    )  # fmt: skip
    root = drawn(held, untimed=7)
    legend = 1
    assert [len(every(root, css)) - legend for css in ("real", "burnt", "container")] == [1, 1, 1]
    assert [len(every(root, css)) - legend for css in ("damaged", "contested")] == [1, 1]
    assert [one.text for one in every(root, "copies")] == ["×3"]
    busy = sum(float(one.get("width")) for one in every(root, "busy")[legend:])
    (bar,) = every(root, "real")[legend:]
    assert abs(busy - float(bar.get("width")) / 2) <= 2
    assert every(root, "seam") == []
    assert "7 recordings have no time" in "".join(root.itertext())


def test_where_little_is_covered_the_gaps_are_folded():
    held = Row(
        "a", 7, "", "", "", False,
        (Stretch("1", 0, HOUR, By.REAL), Stretch("2", 9999 * HOUR, 10000 * HOUR, By.REAL)), 2,
    )  # fmt: skip
    root = drawn(held)
    assert len(every(root, "seam")) == 2
    first, second = (float(one.get("width")) for one in every(root, "real")[1:])
    assert first == second > 400
    assert "Facility 3, not named" in "".join(root.itertext())


def test_names_of_strangers_stay_text():
    root = drawn(
        Row("a", 1, "<script>x</script>\u202e\x1b", "&", "", False, (Stretch("1", 0, 1, By.REAL),))
    )
    text = "".join(root.itertext())
    assert "<script>x</script>" in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert {one.tag.rsplit("}")[-1] for one in root.iter()} == {
        "svg", "style", "defs", "pattern", "rect", "text", "path",
    }  # fmt: skip


def test_nothing_is_a_picture_too():
    assert "0 recordings" in "".join(drawn().itertext())


def test_times_beyond_the_calendar_do_not_break_it():
    drawn(Row("", 0, "", "", "", False, (Stretch("1", -(1 << 60), 1 << 60, By.CONTAINER),)))


def test_the_same_rows_give_the_same_bytes():
    held = Row("a", 2, "", "", "CAM 2", False, (Stretch("1", 0, HOUR, By.REAL),))
    assert draw([held], 0) == draw([held], 0)
