"""Equal coded pictures: exact offsets, damage survived, nothing claimed that is not there."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daylight.analyses.coded import coded
from daylight.analyses.kinds import Kind, groups, relations
from tests.analyses.making import camera, cut, joined, prints, recording

NIGHT = prints(camera(1), 1000, 60, coded="a")
OTHER = prints(camera(1), 9000, 40, coded="b")
THIRD = prints(camera(1), 20000, 50, coded="c")


def said(*many):
    recordings = [recording(str(n), one) for n, one in enumerate(many)]
    return relations(recordings, coded(recordings))


def test_a_remux_is_one():
    (one,) = said(NIGHT, NIGHT)
    assert (one.kind, one.a_start_us, one.b_start_us) == (Kind.REMUXED, 0, 0)
    assert (one.length_us, one.score, one.coded) == (60_000_000, 1.0, True)


def test_two_nights_are_not_the_same():
    assert said(NIGHT, OTHER, THIRD) == []


def test_a_cut_sits_where_it_was_cut():
    (one,) = said(cut(NIGHT, 6, 50), NIGHT)
    assert (one.kind, one.a, one.b) == (Kind.TRIMMED, 1, 0)
    assert (one.a_start_us, one.b_start_us, one.length_us) == (6_000_000, 0, 44_000_000)


def test_an_export_contains_its_recordings_however_often():
    made = said(joined(OTHER, NIGHT, OTHER, THIRD), NIGHT, OTHER)
    assert {one.kind for one in made} == {Kind.CONTAINED}
    places = sorted((one.b, one.a_start_us, one.length_us) for one in made)
    assert places == [
        (1, 40_000_000, 60_000_000),
        (2, 0, 40_000_000),
        (2, 100_000_000, 40_000_000),
    ]
    assert groups(made) == []


def test_two_exports_share_what_both_hold():
    one = joined(OTHER, NIGHT)
    other = joined(NIGHT, THIRD)
    (shared,) = said(one, other)
    assert shared.kind is Kind.CONTAINED
    assert abs(shared.a_start_us - shared.b_start_us) == 40_000_000
    assert shared.length_us == 60_000_000


def test_spoilt_key_frames_are_passed_over():
    digests = NIGHT.digests.copy()
    digests[[0, 1, 7, 8, 20, 29]] ^= 255
    (one,) = said(NIGHT, replace(NIGHT, digests=digests))
    assert (one.kind, one.a_start_us, one.length_us) == (Kind.REMUXED, 0, 60_000_000)


def test_pictures_that_stand_still_to_the_byte_prove_nothing_unless_all_is_equal():
    digests = np.repeat(NIGHT.digests[:1], len(NIGHT), axis=0)
    still = replace(NIGHT, digests=digests)
    shorter = cut(still, 0, 30)
    assert said(still, shorter) == []
    assert len(said(still, still)) == 1


def test_even_pictures_prove_nothing():
    dark = replace(NIGHT, thumbs=np.full_like(NIGHT.thumbs, 16))
    assert said(dark, cut(dark, 10, 40)) == []


def test_nothing_of_nothing():
    assert coded([]) == []
    assert said(cut(NIGHT, 2, 2), NIGHT) == []


@given(st.permutations(range(4)))
def test_the_order_changes_nothing(order):
    many = [NIGHT, cut(NIGHT, 10, 40), joined(OTHER, NIGHT), OTHER]
    plain = {frozenset(((one.a, one.a_start_us), (one.b, one.b_start_us))) for one in said(*many)}
    turned = {
        frozenset(((order[one.a], one.a_start_us), (order[one.b], one.b_start_us)))
        for one in said(*(many[n] for n in order))
    }
    assert plain == turned
    assert len(plain) == 4
