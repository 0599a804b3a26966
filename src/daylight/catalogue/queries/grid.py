"""Items as a wall of cards: light rows, a page at a time, and the counts to narrow it by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet

from daylight.catalogue.models import Accession, Item, Media, Occurrence, Rendition
from daylight.catalogue.queries.access import accessions_seen_by, items_seen_by
from daylight.catalogue.queries.items import RenditionView, rendition_view
from daylight.domain.principal import Principal

PAGE = 48
UNEXAMINED = "unexamined"  # as a kind: what no probe has looked at yet
_CARD_RENDITIONS = ("filmstrip-shielded", "still-shielded", "waveform")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Empty values narrow nothing. ``accession``, ``after``: public ids."""

    kind: str = ""
    state: str = ""
    accession: str = ""
    after: str = ""
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class Card:
    """``picture``: the shielded rendition to show, if there is one. ``duration_us``: microseconds."""

    public_id: str
    name: str  # the first digits of the SHA-256: what an item is called where no name may show
    size: int
    kind: str
    state: str
    reason: str
    codec: str
    width: int | None
    height: int | None
    duration_us: int | None
    picture: RenditionView | None


@dataclass(frozen=True, slots=True)
class Page:
    """``after``: the cursor of the next page, empty at the end."""

    cards: tuple[Card, ...]
    after: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet; ``items`` is None where counting would cost more than it tells."""

    value: str
    label: str
    items: int | None


@dataclass(frozen=True, slots=True)
class Facets:
    kinds: tuple[Choice, ...]
    states: tuple[Choice, ...]
    accessions: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Public ids of the items before and after one, in the order they came in; empty at the ends."""

    before: str
    after: str


def page(principal: Principal, wanted: Wanted) -> Page | None:
    """One page in the order items came in; None if the cursor is not an item."""
    rows = _narrowed(principal, wanted).order_by("pk")
    if wanted.after:
        cursor = items_seen_by(principal).filter(public_id=wanted.after)
        last = cursor.values_list("pk", flat=True).first()
        if last is None:
            return None
        rows = rows.filter(pk__gt=last)
    pictures = Rendition.objects.filter(name__in=_CARD_RENDITIONS).select_related("finding")
    pictures = pictures.order_by("finding__version")  # of several versions the newest counts
    found = list(
        rows.select_related("media")
        .defer("media__facts")
        .prefetch_related(Prefetch("renditions", queryset=pictures))[: wanted.limit + 1]
    )
    shown = found[: wanted.limit]
    more = len(found) > wanted.limit
    return Page(tuple(_card(row) for row in shown), shown[-1].public_id if more else "")


def count(principal: Principal, wanted: Wanted) -> int:
    return _narrowed(principal, wanted).count()


def facets(principal: Principal) -> Facets:
    seen = items_seen_by(principal)
    rows = list(
        Media.objects.filter(Exists(seen.filter(pk=OuterRef("pk"))))
        .values_list("kind", "state")
        .annotate(items=Count("pk"))
        .order_by("kind", "state")
    )
    kinds, states = _sums(rows, 0), _sums(rows, 1)
    left = seen.count() - sum(number for *_, number in rows)
    if left:
        kinds = (*kinds, Choice(UNEXAMINED, UNEXAMINED, left))
    named = accessions_seen_by(principal).order_by("pk").values_list("public_id", "name")
    return Facets(kinds, states, tuple(Choice(key, name, None) for key, name in named))


def neighbours(principal: Principal, public_id: str) -> Neighbours:
    """Of an item that the principal may see."""
    seen = items_seen_by(principal)
    key = seen.get(public_id=public_id).pk
    before = seen.filter(pk__lt=key).order_by("-pk").values_list("public_id", flat=True)
    after = seen.filter(pk__gt=key).order_by("pk").values_list("public_id", flat=True)
    return Neighbours(before.first() or "", after.first() or "")


def probe_versions(principal: Principal) -> list[int]:
    """The versions of the probe that spoke of the items seen."""
    seen = items_seen_by(principal)
    rows = Media.objects.filter(Exists(seen.filter(pk=OuterRef("pk"))))
    return sorted(rows.values_list("probe_version", flat=True).distinct())


def _sums(rows: Sequence[tuple[Any, ...]], column: int) -> tuple[Choice, ...]:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row[column]] = sums.get(row[column], 0) + row[-1]
    return tuple(Choice(value, value, number) for value, number in sorted(sums.items()))


def _narrowed(principal: Principal, wanted: Wanted) -> QuerySet[Item]:
    rows = items_seen_by(principal)
    if wanted.kind == UNEXAMINED:
        rows = rows.filter(media__isnull=True)
    elif wanted.kind:
        rows = rows.filter(media__kind=wanted.kind)
    if wanted.state:
        rows = rows.filter(media__state=wanted.state)
    if wanted.accession:
        home: QuerySet[Accession] = accessions_seen_by(principal).filter(public_id=wanted.accession)
        rows = rows.filter(
            Exists(Occurrence.objects.filter(item=OuterRef("pk"), accession__in=home))
        )
    return rows


def _card(row: Item) -> Card:
    media = getattr(row, "media", None) or Media()
    pictures = {one.name: one for one in row.renditions.all()}
    picture = next((pictures[name] for name in _CARD_RENDITIONS if name in pictures), None)
    return Card(
        public_id=row.public_id,
        name=bytes(row.sha256).hex()[:12],
        size=row.size,
        kind=media.kind,
        state=media.state,
        reason=media.reason,
        codec=media.codec,
        width=media.width,
        height=media.height,
        duration_us=media.duration_us,
        picture=None if picture is None else rendition_view(picture),
    )
