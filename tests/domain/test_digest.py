"""The name of an object."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.digest import digest_of, parse_digest


@given(st.binary())
def test_there_and_back(data):
    assert parse_digest(digest_of(data).hex()) == digest_of(data)


@pytest.mark.parametrize(
    "text", ["", "ab", "G" * 64, "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n", " " + "0" * 63]
)
def test_anything_else_is_no_digest(text):
    with pytest.raises(ValueError, match="SHA-256"):
        parse_digest(text)
