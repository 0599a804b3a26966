"""Following as a service: a plan that asks for it gets it, and a program that lies is not believed."""

from dataclasses import replace

import pytest

from daylight.catalogue.queries.vault import custodian_here
from daylight.detectors.programs import PROGRAMS
from daylight.domain.digest import digest_of
from daylight.domain.marks import Key
from daylight.domain.progress import Silent
from daylight.domain.redaction import Plan, Region
from daylight.domain.redaction_follow import lost
from daylight.domain.redaction_json import decode, encode
from daylight.domain.tracks import Basis, Sort
from daylight.errors import MediaRefused
from daylight.media.mask_follow import PROGRAM
from daylight.services.follow import follow_asked
from daylight.services.redact import redact
from tests.services.test_redact import FILM, PHOTO, Inline, item, room  # noqa: F401  # room: a fixture


def asking(data: bytes = FILM) -> Plan:
    """The red box of the film, drawn in its middle. ``WAYS`` of tests.media.redacting."""
    box = Key(600_000, 3_750, 2_300, 1_500, 2_200)
    region = Region("hand-1", Sort.HAND, (box,), (Basis.FOLLOW,))
    return Plan(digest_of(data), regions=(region,))


def followed(ws, plan, data=FILM):
    return follow_asked(ws, custodian_here(), item(data), plan, Silent())


def test_what_a_plan_asks_for_is_followed_and_rendered(room, tmp_path):  # noqa: F811
    made = followed(room, asking())
    (region,) = made.regions
    assert Basis.FOLLOW not in region.bases
    assert {Basis.FOLLOWED, Basis.LOST} & set(region.bases)  # two things cross in it
    assert len(region.keys) == len(region.bases)
    assert decode(encode(made)) == made
    assert followed(room, made) is made
    report = redact(room, custodian_here(), item(), made, tmp_path / "out/copy.mp4", Silent())
    assert "hand-1" in report.undecided


def test_in_a_photo_nothing_is_followed(room):  # noqa: F811
    with pytest.raises(MediaRefused, match="only in a film"):
        followed(room, asking(PHOTO), PHOTO)


GOOD = [[700_000, 1, 1, 5, 5, "followed"]]


@pytest.mark.parametrize(
    "keys",
    [
        None,
        [[700_000, 1, 1, 5, 5, "seen"]],
        [[700_000, 9_999, 1, 5, 5, "followed"]],
        [[700_000, 1, 1, 0, 5, "followed"]],
        [[700_000, 1, 1, 5, "followed"]],
        [*GOOD, *GOOD],
    ],
)
def test_a_program_that_lies_is_not_believed(room, keys):  # noqa: F811
    def lying(request, files, emit):
        emit("followed", {"back": {"keys": []}, "on": {"keys": keys}})

    ws = replace(room, start_executor=lambda slots: Inline({**PROGRAMS, PROGRAM: lying}))
    with pytest.raises(MediaRefused, match="makes no sense"):
        followed(ws, asking())


def test_a_program_that_says_nothing_found_nothing(room):  # noqa: F811
    ws = replace(room, start_executor=lambda slots: Inline({**PROGRAMS, PROGRAM: lambda *_: None}))
    with pytest.raises(MediaRefused, match="makes no sense"):
        followed(ws, asking())


def test_where_it_was_lost_the_mask_stays(room):  # noqa: F811
    def losing(request, files, emit):
        emit("reached", {"at": 0})
        emit("followed", {"back": {"keys": []}, "on": {"keys": [[700_000, 1, 1, 5, 5, "lost"]]}})

    ws = replace(room, start_executor=lambda slots: Inline({**PROGRAMS, PROGRAM: losing}))
    (region,) = followed(ws, asking()).regions
    assert lost(region) == (700_000,)
    assert region.bases[-1] is Basis.KEPT
    assert region.keys[-1].at_us > 60_000_000
    assert region.keys[-1].left == 1
