"""What else strikes the eye of an item: its burnt-in clock, and the names that it came under."""

from dataclasses import dataclass

from daylight.catalogue.models import ClockReading, LeakedPath
from daylight.catalogue.queries.access import accessions_seen_by, items_seen_by
from daylight.catalogue.queries.burnt_clocks import clock_of
from daylight.domain.burnt_clock import BurntClock
from daylight.domain.media import Kind
from daylight.domain.principal import Principal, Right


@dataclass(frozen=True, slots=True)
class NamesView:
    """``key``: of the item's row. ``untrusted_names``: leaked paths, for nobody's eyes but what must be reckoned."""

    key: int
    public_id: str
    kind: Kind
    untrusted_names: list[bytes]


def clocks_seen(principal: Principal, public_id: str = "") -> dict[int, tuple[str, BurntClock]]:
    """By the key of the item's row: its public id, and what was read; of one item, or of all."""
    seen = items_seen_by(principal)
    rows = ClockReading.objects.filter(
        item__in=seen.filter(public_id=public_id) if public_id else seen
    )
    told = rows.filter(failed="").select_related("item").order_by("item_id")
    return {row.item_id: (row.item.public_id, clock_of(row)) for row in told.iterator(2000)}


def names_seen(principal: Principal, public_id: str = "") -> dict[int, NamesView]:
    """Of items that were examined, by key; empty for who may not see leaked paths."""
    seen = items_seen_by(principal)
    if not principal.may(Right.SEE_LEAKED_PATHS):
        return {}
    rows = LeakedPath.objects.filter(
        accession__in=accessions_seen_by(principal),
        occurrence__item__in=seen.filter(public_id=public_id) if public_id else seen,
    )
    kept: dict[int, NamesView] = {}
    columns = ("occurrence__item", "occurrence__item__public_id", "occurrence__item__media__kind")
    told = rows.exclude(occurrence__item__media=None).order_by("occurrence__item")
    for key, name, kind, path in told.values_list(*columns, "path").iterator(chunk_size=2000):
        view = kept.setdefault(key, NamesView(key, name, Kind(kind), []))
        view.untrusted_names.append(bytes(path))
    return kept
