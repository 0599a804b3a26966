import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.background import LENGTH, MAGIC, unpack

WHOLE = MAGIC + b"\x01\x00" + bytes(LENGTH - len(MAGIC) - 2)


def test_a_whole_one_is_read():
    assert unpack(WHOLE).pictures == 1


@pytest.mark.parametrize("data", [b"", MAGIC, WHOLE[:-1], WHOLE + b"\0", b"x" + WHOLE[1:]])
def test_others_are_refused(data):
    with pytest.raises(ValueError):
        unpack(data)


def test_one_of_no_pictures_is_refused():
    with pytest.raises(ValueError):
        unpack(MAGIC + bytes(LENGTH - len(MAGIC)))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data):
    with pytest.raises(ValueError):
        unpack(data)
