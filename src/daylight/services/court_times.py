"""What a court package says of an item's clocks and of its neighbours, in sentences.

Of recordings that are not in the package only their number is told.
"""

from typing import Final

from daylight.catalogue.queries.burnt_clocks import burnt_clock
from daylight.catalogue.queries.neighbours import near
from daylight.catalogue.queries.timeline import whereabouts
from daylight.domain.burnt_clock import BurntClock, ClockPiece
from daylight.domain.burnt_clock_json import naive_text
from daylight.domain.clocks import iso
from daylight.domain.principal import Principal

MOST: Final = 12  # pieces of a clock that are told one by one


def burnt_in(principal: Principal, public_id: str) -> str | None:
    """What was read in the picture, by whom and how surely; None where nobody has looked."""
    view = burnt_clock(principal, public_id)
    if view is None:
        return None
    where = " in what was rebuilt of it, where times are assumed" if view.rebuilt else ""
    by = f"read by a program (clocks, version {view.version}){where}, not confirmed by a person"
    if not view.clock.pieces:
        return f"no clock was read in the picture ({by})"
    told = "; ".join(_piece(one, view.clock) for one in view.clock.pieces[:MOST])
    more = len(view.clock.pieces) - MOST
    rest = f"; and {more} further pieces" if more > 0 else ""
    turned = " Day and month may stand the other way round." if view.clock.others else ""
    return f"{told}{rest} ({by}).{turned} The clock itself may be wrong."


def _piece(one: ClockPiece, clock: BurntClock) -> str:
    shown = naive_text(one.naive_us, clock.layout)
    return f"{shown} at {one.media_us / 1e6:.1f} s (confidence {one.confidence:.2f})"


def real_time(principal: Principal, public_id: str) -> str | None:
    """When it was, as far as a person has said how the camera's clock stands; None if not placed."""
    place = whereabouts(principal, public_id)
    if place is None:
        return None
    told = None if place.real_us is None else iso(place.real_us, zone=False)
    if told is None:
        return "unknown: nobody has entered how the camera's clock stands to real time"
    sure = (place.uncertainty_us or 0) / 1e6
    return f"{told} UTC, uncertain by {sure:g} s, from what a person entered of this camera's clock"


def neighbours(
    principal: Principal, public_id: str, inside: frozenset[bytes]
) -> tuple[str, ...] | None:
    """``inside``: digests of the items in the package. None where no camera is known of it."""
    found = near(principal, public_id)
    if found is None:
        return None
    within = sum(digest in inside for digest in found.digests)
    basis = "confirmed by a person" if found.confirmed else "proposed by a program"
    told = (
        f"{len(found.digests)} further recordings of the same camera ({basis}) begin within "
        f"{found.minutes} minutes of it by the camera's own clock; {within} of them are in this "
        "package"
    )
    return (told,)
