"""DER: what is put together comes apart the same, and nothing but DER is taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.ledger.der import OCTETS, SEQUENCE, encode, parse


@given(st.lists(st.binary(max_size=400), max_size=5))
def test_what_is_put_together_comes_apart(parts):
    whole = encode(SEQUENCE, [encode(OCTETS, [one]) for one in parts])
    assert [one.content for one in parse(whole).parts()] == parts


def test_long_values_have_long_lengths():
    for size in (0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000):
        assert len(parse(encode(OCTETS, [bytes(size)])).content) == size


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x04",
        b"\x04\x02a",
        b"\x04\x80a\0\0",  # indefinite
        b"\x04\x81\x01a",  # not minimal
        b"\x04\x82\0\x80" + bytes(128),
        b"\x04\x81",
        b"\x04\x85\0\0\0\0\1a",
        b"\x1f\x81\x01a",  # a tag of several bytes
        b"\x04\x01ab",  # more behind it
    ],
)
def test_what_is_not_der_is_refused(data):
    with pytest.raises(ValueError):
        parse(data)


@given(st.binary(max_size=50))
def test_noise_is_refused_or_means_itself(data):
    try:
        value = parse(data)
    except ValueError:
        return
    assert encode(value.tag, [value.content]) == data


def test_a_plain_value_has_no_parts():
    with pytest.raises(ValueError):
        parse(encode(OCTETS, [b"ab"])).parts()
