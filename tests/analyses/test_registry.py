from pathlib import Path

from daylight.analyses import clock_offsets, clock_signs, date_orders, name_signs, placing
from daylight.analyses.registry import ANALYSES
from daylight.detectors.registry import listed

PAGE = Path(__file__).resolve().parents[2] / "docs" / "analyses.md"


def test_each_has_its_heading_and_the_version_that_runs():
    for name, one in ANALYSES.items():
        section = PAGE.read_text().split(f"## `{name}`")[1].split("\n## ")[0]
        assert f"Version {one.version}." in section
        assert {*one.detectors} <= {*listed()}
    assert ANALYSES["placing"].version == placing.VERSION
    assert ANALYSES["date-orders"].version == date_orders.VERSION
    assert ANALYSES["clock-offsets"].version == clock_offsets.VERSION
    assert ANALYSES["clock-signs"].version == clock_signs.VERSION
    assert ANALYSES["name-signs"].version == name_signs.VERSION
