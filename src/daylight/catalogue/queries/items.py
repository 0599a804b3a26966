"""Items as people list, filter and open them. Queries return frozen values, never rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from daylight.catalogue.models import (
    Contested,
    Item,
    LeakedPath,
    Media,
    Occurrence,
    Rendition,
)
from daylight.catalogue.queries.access import accessions_seen_by, items_seen_by
from daylight.catalogue.queries.relations import ContestView, contest_views
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right

PAGE = 60
MIN_PREFIX = 8  # hexadecimal digits of a SHA-256 that may stand for the whole
_HEX = re.compile(r"[0-9a-f]{1,64}")


@dataclass(frozen=True, slots=True)
class OccurrenceView:
    """``untrusted_path`` is None for who may not see leaked names."""

    accession: str
    untrusted_path: bytes | None
    mtime_ns: int | None
    mode: int | None
    entry: int
    verified: bool


@dataclass(frozen=True, slots=True)
class RenditionView:
    name: str
    media_type: str
    digest: Digest
    size: int
    facts: dict[str, Any]
    detector: str
    version: int


@dataclass(frozen=True, slots=True)
class ItemView:
    """``kind`` is empty while the item has not been examined. ``duration_us``: microseconds.

    ``contested``: the films known outside that it shares a stretch with.
    """

    public_id: str
    digest: Digest
    size: int
    kind: str
    state: str
    reason: str
    container: str
    codec: str
    width: int | None
    height: int | None
    fps: float | None
    duration_us: int | None
    occurrences: tuple[OccurrenceView, ...]
    renditions: tuple[RenditionView, ...]
    contested: tuple[ContestView, ...] = ()

    def rendition(self, name: str) -> RenditionView | None:
        """Of several versions the newest."""
        named = [one for one in self.renditions if one.name == name]
        return max(named, key=lambda one: one.version, default=None)


@dataclass(frozen=True, slots=True)
class Filter:
    """Empty values filter nothing. ``after``: the public cursor of the last item of a page."""

    kind: str = ""
    state: str = ""
    accession: str = ""
    after: str = ""
    limit: int = PAGE


def items(principal: Principal, wanted: Filter) -> list[ItemView]:
    """Items in the order they came in, from the cursor on."""
    rows = _filtered(principal, wanted).order_by("pk")
    if wanted.after:
        rows = rows.filter(pk__gt=Item.objects.only("pk").get(public_id=wanted.after).pk)
    if wanted.limit:
        rows = rows[: wanted.limit]
    return _views(principal, rows)


def count(principal: Principal, wanted: Filter) -> int:
    return _filtered(principal, wanted).count()


def item(principal: Principal, public_id: str) -> ItemView | None:
    """One item by its public id, if the principal may see it."""
    found = _views(principal, items_seen_by(principal).filter(public_id=public_id))
    return found[0] if found else None


def item_by_digest(principal: Principal, digest: Digest) -> ItemView | None:
    found = _views(principal, items_seen_by(principal).filter(sha256=digest))
    return found[0] if found else None


def find(principal: Principal, name: str) -> list[ItemView]:
    """Items by public id, SHA-256 or the first digits of it (8 or more); at most two."""
    seen = items_seen_by(principal)
    exact = seen.filter(public_id=name)
    if exact.exists() or len(name) < MIN_PREFIX or not _HEX.fullmatch(name):
        return _views(principal, exact)
    low = bytes.fromhex(name.ljust(64, "0"))
    high = bytes.fromhex(name.ljust(64, "f"))
    return _views(principal, seen.filter(sha256__gte=low, sha256__lte=high)[:2])


def media_facts(principal: Principal, public_id: str) -> dict[str, Any] | None:
    """The probe's facts as stored JSON; None while not examined."""
    rows = items_seen_by(principal).filter(public_id=public_id)
    media = Media.objects.filter(item__in=rows).first()
    return None if media is None else media.facts


def seen_digest(principal: Principal, public_id: str) -> Digest | None:
    """The item's name in the store, if the principal may see it."""
    row = items_seen_by(principal).filter(public_id=public_id).values_list("sha256").first()
    return None if row is None else Digest(bytes(row[0]))


def key_frame_index(principal: Principal, public_id: str) -> Digest | None:
    """The object that holds the item's key-frame index."""
    rows = items_seen_by(principal).filter(public_id=public_id)
    media = Media.objects.filter(item__in=rows).first()
    return None if media is None or media.key_frames is None else Digest(bytes(media.key_frames))


def _filtered(principal: Principal, wanted: Filter) -> QuerySet[Item]:
    rows = items_seen_by(principal)
    if wanted.kind:
        rows = rows.filter(media__kind=wanted.kind)
    if wanted.state:
        rows = rows.filter(media__state=wanted.state)
    if wanted.accession:
        rows = rows.filter(occurrences__accession__name=wanted.accession).distinct()
    return rows


def _views(principal: Principal, rows: QuerySet[Item]) -> list[ItemView]:
    paths = principal.may(Right.SEE_LEAKED_PATHS)
    met = Occurrence.objects.select_related("accession").order_by("pk")
    if (
        principal.collections is not None
    ):  # an item may have come in where the principal may not look
        met = met.filter(accession__in=accessions_seen_by(principal))
    if paths:
        met = met.select_related("accession", "leaked_path")
    found = rows.select_related("media").prefetch_related(
        Prefetch("occurrences", queryset=met),
        Prefetch("renditions", queryset=Rendition.objects.select_related("finding")),
        Prefetch("contested", queryset=Contested.objects.select_related("item", "known")),
    )
    return [_view(row, paths=paths) for row in found]


def _view(row: Item, *, paths: bool) -> ItemView:
    media = getattr(row, "media", None) or Media()
    return ItemView(
        public_id=row.public_id,
        digest=Digest(bytes(row.sha256)),
        size=row.size,
        kind=media.kind,
        state=media.state,
        reason=media.reason,
        container=media.container,
        codec=media.codec,
        width=media.width,
        height=media.height,
        fps=media.fps,
        duration_us=media.duration_us,
        occurrences=tuple(_occurrence(one, paths=paths) for one in row.occurrences.all()),
        renditions=tuple(rendition_view(one) for one in row.renditions.all()),
        contested=tuple(contest_views(row.contested.all())),
    )


def _occurrence(row: Occurrence, *, paths: bool) -> OccurrenceView:
    leaked: LeakedPath | None = row.leaked_path if paths else None
    return OccurrenceView(
        accession=row.accession.name,
        untrusted_path=None if leaked is None else bytes(leaked.path),
        mtime_ns=None if leaked is None else leaked.mtime_ns,
        mode=None if leaked is None else leaked.mode,
        entry=row.entry,
        verified=row.verified,
    )


def rendition_view(row: Rendition) -> RenditionView:
    return RenditionView(
        name=row.name,
        media_type=row.media_type,
        digest=Digest(bytes(row.sha256)),
        size=row.size,
        facts=row.facts,
        detector=row.finding.detector,
        version=row.finding.version,
    )


def occurrence_entries(views: Sequence[ItemView]) -> list[int]:
    """Ledger indices that speak of these items, in order."""
    return sorted({one.entry for view in views for one in view.occurrences})
