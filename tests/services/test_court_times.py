import pytest

from daylight.catalogue.models import Camera, ClockReading, Collection, Recording
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.burnt_clock_json import pieces_to_json
from daylight.domain.clocks import SECOND
from daylight.domain.principal import Principal, Right
from daylight.services.court_times import burnt_in, neighbours, real_time
from tests.recordings import digest, even, recording

NOON = 1_614_859_200 * SECOND  # 2021-03-04T12:00:00


def read(item, naive_us: int, **more) -> None:
    clock = even(naive_us)
    pieces = pieces_to_json(clock.pieces)
    ClockReading.objects.create(
        item=item, version=3, ticking="even", layout=clock.layout, pieces=pieces, **more
    )


@pytest.fixture
def three(ws):
    """Three recordings of one camera, a minute apart, and the last a day later; one lies elsewhere."""
    camera = Camera.objects.create(number=1)
    made = []
    for number, at in enumerate((0, 60, 120, 86_400), 1):
        home = "Elsewhere" if number == 3 else "Everything"
        item = recording(ws, number, home=home)
        read(item, NOON + at * SECOND)
        Recording.objects.create(item=item, camera=camera, burnt_us=NOON + at * SECOND)
        made.append(item.public_id)
    return made


def test_what_was_read_is_said_with_how_surely(ws, three):
    told = burnt_in(custodian_here(), three[0])
    assert told.startswith("2021-03-04T12:00:00 at 0.0 s (confidence 0.95)")
    assert "clocks, version 3" in told
    assert "not confirmed" in told
    assert "other way round" not in told


def test_what_is_open_and_what_nobody_looked_for(ws):
    turned, bare, empty = (recording(ws, number) for number in (1, 2, 3))
    read(turned, NOON, others=["%Y-%d-%m %H:%M:%S"])
    ClockReading.objects.create(item=empty, version=3, ticking="none")
    assert "other way round" in burnt_in(custodian_here(), turned.public_id)
    assert burnt_in(custodian_here(), bare.public_id) is None
    assert "no clock was read" in burnt_in(custodian_here(), empty.public_id)
    assert real_time(custodian_here(), bare.public_id) is None
    assert neighbours(custodian_here(), bare.public_id, frozenset()) is None


def test_real_time_is_a_persons_word_or_unknown(ws, three):
    assert real_time(custodian_here(), three[0]).startswith("unknown")
    Recording.objects.filter(item__public_id=three[0]).update(
        real_us=NOON + SECOND, uncertainty_us=2 * SECOND
    )
    told = real_time(custodian_here(), three[0])
    assert told.startswith("2021-03-04T12:00:01.000 UTC, uncertain by 2 s")


def test_neighbours_are_counted_and_not_named(ws, three):
    (told,) = neighbours(custodian_here(), three[0], frozenset({bytes(digest(2))}))
    assert told.startswith("2 further recordings of the same camera (proposed by a program)")
    assert told.endswith("1 of them are in this package")
    assert digest(3).hex()[:8] not in told


def test_who_may_not_see_a_neighbour_does_not_hear_of_it(ws, three):
    home = Collection.objects.get(name="Everything").public_id
    analyst = Principal(
        agent="a" * 32, rights=frozenset({Right.SEE_ITEMS}), collections=frozenset({home})
    )
    (told,) = neighbours(analyst, three[0], frozenset())
    assert told.startswith("1 further")
