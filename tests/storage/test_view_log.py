"""The files of the log of views: whole records alone, whatever a power cut or a hand left there."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.storage import layout, view_log

DAY = date(2026, 11, 26)


@pytest.fixture
def made(tmp_path):
    return layout.create(tmp_path / "vault", "")


def test_records_come_back_in_their_order(made):
    view_log.append(made, DAY, [b"one", b""])
    view_log.append(made, DAY, [b"two"])
    assert list(view_log.boxes(made, DAY)) == [b"one", b"", b"two"]
    assert view_log.days(made) == [DAY]
    assert view_log.chain(made, DAY)[0] == 3
    assert view_log.chain(made, DAY, 2) != view_log.chain(made, DAY)
    assert (made.views / "2026-11-26.log").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", range(1, 12))
def test_what_a_power_cut_left_is_cut_off(made, cut):
    view_log.append(made, DAY, [b"first", b"second-"])
    path = made.views / "2026-11-26.log"
    path.write_bytes(path.read_bytes()[:-cut])
    assert list(view_log.boxes(made, DAY)) == [b"first"]
    view_log.append(made, DAY, [b"third"])
    assert list(view_log.boxes(made, DAY)) == [b"first", b"third"]


@given(st.binary(max_size=200))
def test_whatever_lies_there_ends(tmp_path_factory, data):
    made = layout.Layout(tmp_path_factory.mktemp("vault"), "", "")
    made.views.mkdir()
    (made.views / "2026-11-26.log").write_bytes(data)
    found = list(view_log.boxes(made, DAY))
    view_log.append(made, DAY, [b"more"])
    assert list(view_log.boxes(made, DAY)) == [*found, b"more"]


def test_nothing_there_is_nothing(made):
    assert view_log.days(made) == []
    assert list(view_log.boxes(made, DAY)) == []
    assert view_log.read_setup(made) is None
    assert view_log.names(made) == []


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff"])
def test_a_setup_that_is_none(made, data):
    made.views.mkdir()
    (made.views / "setup.json").write_bytes(data)
    assert view_log.read_setup(made) is None


def test_other_names_are_not_days(made):
    view_log.append(made, DAY, [b"one"])
    (made.views / "2026-11-26.log.new").touch()
    (made.views / "notes.txt").touch()
    assert view_log.days(made) == [DAY]
    view_log.destroy(made, DAY)
    view_log.destroy(made, DAY)
    assert view_log.days(made) == []
