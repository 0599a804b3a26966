"""Editing a graph on its bytes: messages come apart and together, and the network stays the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.digest import digest_of
from daylight.media.inference.base import Free, Port, Signature
from daylight.media.inference.graph import FLOAT, UINT8, Shape, fields, for_pixels, message, varint
from tests.media.inference.graphs import doubling, field, worker

PIXELS = Shape("pixels", UINT8, ("n", "height", "width", 3))
SIGNATURE = Signature(
    (Port("pixels", (Free(0), Free(1), Free(2), 3), pixels=True),),
    (Port("y", (Free(0), 3, Free(1), Free(2))),),
    (4, 64, 64),
)

values = st.one_of(
    st.tuples(st.integers(1, 1 << 20), st.just(0), st.integers(0, (1 << 64) - 1).map(varint)),
    st.tuples(st.integers(1, 1 << 20), st.just(1), st.binary(min_size=8, max_size=8)),
    st.tuples(st.integers(1, 1 << 20), st.just(2), st.binary(max_size=200)),
    st.tuples(st.integers(1, 1 << 20), st.just(5), st.binary(min_size=4, max_size=4)),
)


@given(st.lists(values, max_size=8))
def test_a_message_comes_apart_and_together(many):
    assert list(fields(message(many))) == many


@given(st.binary(max_size=80))
def test_other_bytes_are_refused_by_name(data):
    try:
        assert message(fields(data)) is not None
    except ValueError:
        return


@pytest.mark.parametrize("data", [b"\x08", b"\x0a\x05abc", b"\x0b", b"\xff" * 12, b"\x0d\0\0"])
def test_what_is_cut_or_unknown_is_refused(data):
    with pytest.raises(ValueError, match=r"message|wire|bits"):
        list(fields(data))


def test_a_network_of_floats_takes_pixels():
    pytest.importorskip("onnxruntime", reason="not installed")
    wanted = [Shape("y", FLOAT, ("n", 3, "h", "w"))]
    edited = for_pixels(doubling(), PIXELS, "x", wanted, [])
    rng = np.random.default_rng(1)
    shown = rng.integers(0, 256, (2, 5, 7, 3)).astype(np.uint8)
    with worker(edited, digest=digest_of(edited), signature=SIGNATURE) as network:
        (found,) = network.run((2, 5, 7), [shown])
    assert (found == 2 * shown.transpose(0, 3, 1, 2).astype(np.float32)).all()


def test_what_is_not_wanted_is_not_reckoned():
    graph = next(value for number, _, value in fields(doubling()) if number == 7)
    more = field(1, field(1, b"x") * 2 + field(2, b"z") + field(4, b"Add"))
    model = message([(8, 2, field(2, 13)), (7, 2, graph + more)])
    kept = for_pixels(model, PIXELS, "x", [Shape("y", FLOAT, (1,))], ["z"])
    assert b"z" not in kept
    assert kept.count(b"Add") == 1


def test_weights_are_no_inputs_any_more():
    edited = for_pixels(doubling(), PIXELS, "x", [Shape("y", FLOAT, (1,))], [])
    graph = next(value for number, _, value in fields(edited) if number == 7)
    assert [number for number, _, _ in fields(graph)].count(11) == 1
