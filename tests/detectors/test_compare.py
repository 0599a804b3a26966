"""The program that holds pictures of two recordings against one another."""

import os

import numpy as np
import pytest

from daylight.detectors.compare import LENGTH, MOST_A, MOST_B, REACH
from daylight.detectors.programs import PROGRAMS
from daylight.media.facts_json import to_json
from daylight.media.keyframes import pack
from daylight.media.probe import probe
from tests.detectors.clocked import clocked_film
from tests.media.films import opened


def compared(one: bytes, other: bytes, probes, *, mirrored=False):
    said = []
    with opened(one) as a, opened(other) as b:
        first, second = probe(a), probe(b)
        with opened(pack(first.index)) as ia, opened(pack(second.index)) as ib:
            request = {
                "a": to_json(first.facts),
                "b": to_json(second.facts),
                "a_box": [0, 0, 10_000, 10_000],
                "b_box": [0, 0, 10_000, 10_000],
                "mirrored": mirrored,
                "pace": "1.0",
                "probes": probes,
            }
            files = [a, ia, b, ib]
            PROGRAMS["compare"](request, files, lambda *message: said.append(message))
    for kind, facts, payload in said:
        assert kind == "compared"
        table = np.frombuffer(payload, "<f4").reshape(len(facts["b_us"]), len(facts["a_us"]))
        yield np.array(facts["a_us"]), np.array(facts["b_us"]), table


def test_the_same_second_is_the_one_most_alike():
    one, other = clocked_film(100), clocked_film(100, quality=34)
    tables = list(compared(one, other, [[4_000_000, 4_000_000], [9_300_000, 9_000_000]]))
    assert len(tables) == 2
    for a, b, table in tables:
        assert len(b) <= MOST_B
        assert len(a) <= MOST_A
        best = a[np.nanargmin(table, axis=1)]
        assert (best // 1_000_000 == b // 1_000_000).all()  # within one, nothing moves
        assert np.nanmin(table) < 0.2
        assert b[0] >= 4_000_000
        assert float(REACH) >= (b[0] - a[0]) / 1e6 - 0.4
        assert b[-1] - b[0] <= LENGTH * 1_000_000


def test_another_night_is_never_alike_and_not_looked_at_to_the_end():
    one, other = clocked_film(100), clocked_film(7654)
    probes = [[n * 1_000_000, n * 1_000_000] for n in range(1, 8)]
    tables = list(compared(one, other, probes))
    assert len(tables) == 2
    assert min(float(np.nanmin(table)) for _, _, table in tables) > 0.4


def test_a_mirror_is_seen_through():
    one, other = clocked_film(100), clocked_film(100, mirrored=True)
    for mirrored, alike in ((True, True), (False, False)):
        ((_, _, table),) = compared(one, other, [[3_000_000, 3_000_000]], mirrored=mirrored)
        assert (np.nanmin(table) < 0.2) == alike


def test_instants_outside_are_nothing():
    one = clocked_film(100)
    tables = list(compared(one, one, [[900_000_000, 900_000_000], [-50_000_000, 0]]))
    assert [table.size for _, _, table in tables] == [0, 0]


@pytest.mark.parametrize("lacking", ["probes", "pace", "a_box"])
def test_a_request_that_lacks_something_fails(lacking):
    request = {"a": {}, "b": {}, "a_box": [], "b_box": [], "mirrored": False, "pace": "1"}
    request = {name: value for name, value in request.items() if name != lacking}
    descriptor = os.memfd_create("empty")
    try:
        with pytest.raises((ValueError, KeyError, LookupError)):
            PROGRAMS["compare"](request, [descriptor] * 4, lambda *_: None)
    finally:
        os.close(descriptor)
