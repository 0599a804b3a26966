import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.media.inference.base import MOST_BYTES, Free, Port, Signature, length
from daylight.media.inference.wire import FREE, HEAD, free_of, from_json, head, settings_of, to_json

SIZES = st.one_of(st.integers(1, 9), st.builds(Free, st.integers(0, 1), st.integers(1, 4)))
PORTS = st.lists(
    st.builds(Port, st.text("abc.1", min_size=1), st.lists(SIZES, max_size=4).map(tuple)),
    min_size=1,
    max_size=3,
).map(tuple)
SIGNATURES = st.builds(Signature, PORTS, PORTS, st.tuples(st.integers(1, 9), st.integers(1, 9)))


@given(SIGNATURES)
def test_a_signature_goes_through(signature):
    assert from_json(to_json(signature)) == signature


@given(SIGNATURES, st.binary(min_size=HEAD.size, max_size=HEAD.size))
def test_any_head_is_refused_or_within_bounds(signature, data):
    try:
        free = free_of(data, signature)
    except ValueError:
        return
    assert all(1 <= one <= most for one, most in zip(free, signature.most, strict=True))
    assert length(signature.inputs, free) <= MOST_BYTES


@given(SIGNATURES, st.integers(1, 9), st.integers(1, 9))
def test_what_may_be_chosen_is_understood(signature, one, other):
    free = (min(one, signature.most[0]), min(other, signature.most[1]))
    assert free_of(head(free), signature) == free
    assert len(head(free)) == HEAD.size == 4 * FREE


def test_more_than_can_be_sent_is_refused():
    large = Signature((Port("x", (Free(0), 1 << 20)),), (Port("y", (1,)),), (1 << 20,))
    large.check([64])
    with pytest.raises(ValueError, match="more bytes"):
        large.check([65])


def test_settings_are_numbers():
    assert settings_of(["model=7", "size=12"]) == {"model": 7, "size": 12}
