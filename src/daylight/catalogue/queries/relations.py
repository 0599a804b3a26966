"""Which items show the same, and which are known outside; as far as whoever asks may see both."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from daylight.catalogue.models import Contested, Finding, Item, Known, Relation, Rendition
from daylight.catalogue.queries.access import accessions_seen_by, items_seen_by
from daylight.catalogue.queries.salvages import Salvage, salvages
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal


@dataclass(frozen=True, slots=True)
class RelationView:
    """``b`` from ``b_start_us`` on for ``length_us`` is ``a`` from ``a_start_us`` on. ``length_us`` is
    None for a file that is met more than once and has no length.
    """

    kind: str
    a: Digest
    b: Digest
    a_start_us: int
    b_start_us: int
    length_us: int | None
    score: float
    analysis: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Met:
    """An item that came in more than once, as far as the accessions may be seen."""

    item: Digest
    kind: str
    occurrences: int
    duration_us: int | None


@dataclass(frozen=True, slots=True)
class ContestView:
    """``known``: how the film that is known outside was called in its folder."""

    item: Digest
    known: str
    known_digest: Digest
    kind: str
    item_start_us: int
    known_start_us: int
    length_us: int
    score: float
    entry: int


@dataclass(frozen=True, slots=True)
class KnownView:
    """A film that is known outside. ``agent``: who added it; ``items``: how many are contested by it."""

    id: str
    name: str
    digest: Digest
    added: datetime
    agent: str
    note: str
    items: int


@dataclass(frozen=True, slots=True)
class Fingerprinted:
    """An item with a fingerprint: its key and name, the blob's name, the facts and the key-frame index.

    ``read``: the object whose pictures these are: the item's own bytes, or a salvage of it.
    """

    key: int
    digest: Digest
    read: Digest
    blob: Digest
    facts: dict[str, Any]
    index: Digest


def relations(principal: Principal) -> list[RelationView]:
    """Between items that may both be seen, in the order of their names."""
    rows = Relation.objects.order_by("item_a__sha256", "item_b__sha256", "a_start_us", "b_start_us")
    if principal.collections is None:
        items_seen_by(principal)  # the right is asked for all the same
    else:
        seen = items_seen_by(principal).values("pk")
        rows = rows.filter(item_a__in=seen, item_b__in=seen)
    rows = rows.annotate(a_sha256=F("item_a__sha256"), b_sha256=F("item_b__sha256"))
    return [_view(row) for row in rows.iterator(chunk_size=2000)]


def relations_of(principal: Principal, public_id: str) -> list[RelationView]:
    """Those of one item with others that may be seen."""
    seen = items_seen_by(principal).values("pk")
    of_it = Q(item_a__public_id=public_id) | Q(item_b__public_id=public_id)
    rows = Relation.objects.filter(of_it, item_a__in=seen, item_b__in=seen)
    rows = rows.annotate(a_sha256=F("item_a__sha256"), b_sha256=F("item_b__sha256"))
    return [_view(row) for row in rows.order_by("pk")]


def _view(row: Any) -> RelationView:
    return RelationView(
        row.kind,
        Digest(bytes(row.a_sha256)),
        Digest(bytes(row.b_sha256)),
        row.a_start_us,
        row.b_start_us,
        row.length_us,
        row.score,
        f"{row.analysis}/{row.version}",
        row.facts,
    )


def met_again(principal: Principal) -> list[Met]:
    """Items with more than one occurrence; those that came in where nobody may look do not count."""
    seen = accessions_seen_by(principal)
    counted: Any = Count("occurrences", filter=Q(occurrences__accession__in=seen))
    rows = items_seen_by(principal).annotate(times=counted).filter(times__gt=1)
    found = rows.order_by("sha256").values_list(
        "sha256", "media__kind", "times", "media__duration_us"
    )
    return [
        Met(Digest(bytes(digest)), kind or "", times, duration)
        for digest, kind, times, duration in found
    ]


def contested(principal: Principal) -> list[ContestView]:
    rows = Contested.objects.filter(item__in=items_seen_by(principal).values("pk"))
    return contest_views(rows.select_related("item", "known").order_by("item__sha256", "pk"))


def contest_views(rows: Iterable[Contested]) -> list[ContestView]:
    return [
        ContestView(
            Digest(bytes(row.item.sha256)),
            row.known.name,
            Digest(bytes(row.known.digest)),
            row.kind,
            row.item_start_us,
            row.known_start_us,
            row.length_us,
            row.score,
            row.entry,
        )
        for row in rows
    ]


def fingerprinted(version: int) -> list[Fingerprinted]:
    """Every item whose fingerprint of this version is there, by name: for the analysis, which sees all."""
    made: QuerySet[Finding] = Finding.objects.filter(
        detector="fingerprint", version=version, failed=""
    )
    rows = Rendition.objects.filter(finding__in=made, name="fingerprint")
    rebuilt = salvages()
    told = (
        _own(row) if row.finding.read_from is None else _of_salvage(row, rebuilt.get(row.item_id))
        for row in rows.select_related("finding", "item__media").order_by("item__sha256")
    )
    return [one for one in told if one is not None]


def _own(row: Rendition) -> Fingerprinted | None:
    media = row.item.media
    if media.key_frames is None:
        return None
    name, index = Digest(bytes(row.item.sha256)), Digest(bytes(media.key_frames))
    return Fingerprinted(row.item_id, name, name, Digest(bytes(row.sha256)), media.facts, index)


def _of_salvage(row: Rendition, one: Salvage | None) -> Fingerprinted | None:
    """None where it was read from another salvage than the one there is."""
    read_from = row.finding.read_from
    if one is None or one.index is None or read_from is None or one.made != bytes(read_from):
        return None
    blob = Digest(bytes(row.sha256))
    return Fingerprinted(one.key, one.digest, one.made, blob, one.facts, one.index)


def any_known() -> bool:
    return Known.objects.exists()


def known_films(principal: Principal) -> list[KnownView]:
    """All of them, by name; marks are counted on items that may be seen."""
    seen = items_seen_by(principal).values("pk")
    marks: Any = Count("contested__item", filter=Q(contested__item__in=seen), distinct=True)
    return [
        KnownView(
            row.public_id,
            row.name,
            Digest(bytes(row.digest)),
            row.added,
            row.agent,
            row.note,
            row.marks,
        )
        for row in Known.objects.annotate(marks=marks).order_by("name", "digest")
    ]


def item_keys(digests: Iterable[Digest]) -> dict[Digest, int]:
    """Keys of those that are items; at most some hundreds."""
    rows = Item.objects.filter(sha256__in=list(digests)).values_list("sha256", "pk")
    return {Digest(bytes(digest)): key for digest, key in rows}
