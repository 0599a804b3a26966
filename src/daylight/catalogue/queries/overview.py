"""The vault at a glance: what came in, what it is, what is damaged, what is still to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Sum

from daylight.catalogue.ledger_rows import head_at
from daylight.catalogue.models import (
    Accession,
    Entry,
    Exclusion,
    Media,
    Occurrence,
    Seal,
    Statement,
    Witness,
)
from daylight.catalogue.queries.access import accessions_seen_by, items_seen_by
from daylight.domain.clock import minute
from daylight.domain.principal import Principal, Right


@dataclass(frozen=True, slots=True)
class AccessionView:
    """``statements``: topic to the latest answer, empty for unknown; None if not for this eye."""

    public_id: str
    name: str
    collection: str
    created: datetime
    finished: datetime | None
    occurrences: int
    bytes: int
    excluded: int
    statements: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class KindCount:
    kind: str
    state: str
    items: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Attested:
    """The newest head that somebody outside has signed: ``by`` how many partners or authorities, ``at``
    its minute, or the time that a seal states.

    ``entries_since`` leaves out the entries that only say that this was done.
    """

    size: int
    at: datetime
    by: int
    entries_since: int

    def days_ago(self, now: datetime) -> int:
        return max(0, (now - self.at).days)


@dataclass(frozen=True, slots=True)
class Overview:
    """``seconds_of_video`` counts each item once. ``unexamined``: items without a probe."""

    items: int
    bytes: int
    seconds_of_video: float
    unexamined: int
    kinds: tuple[KindCount, ...]
    accessions: tuple[AccessionView, ...]
    ledger_entries: int
    witnessed: Attested | None
    sealed: Attested | None


def overview(principal: Principal) -> Overview:
    seen = items_seen_by(principal)
    total = seen.aggregate(items=Count("pk"), size=Sum("size"))
    examined = Media.objects.filter(item__in=seen)
    video = examined.filter(kind="video").aggregate(us=Sum("duration_us"))["us"] or 0
    kinds = (
        examined.values("kind", "state")
        .annotate(items=Count("pk"), bytes=Sum("item__size"))
        .order_by("kind", "state")
    )
    return Overview(
        items=total["items"],
        bytes=total["size"] or 0,
        seconds_of_video=video / 1e6,
        unexamined=total["items"] - examined.count(),
        kinds=tuple(KindCount(k["kind"], k["state"], k["items"], k["bytes"]) for k in kinds),
        accessions=tuple(accessions(principal)),
        ledger_entries=Entry.objects.count(),
        witnessed=witnessing(),
        sealed=sealing(),
    )


def witnessing() -> Attested | None:
    """Since when nothing was witnessed outside; None where nothing ever was. It names nobody."""
    newest = Witness.objects.aggregate(size=Max("size"))["size"]
    head = None if newest is None else head_at(newest)
    if head is None:
        return None
    since = Entry.objects.filter(index__gte=newest).count()
    of_witnesses = Witness.objects.filter(entry__gte=newest).count()
    return Attested(
        size=newest,
        at=minute(head.head.at),
        by=Witness.objects.filter(size=newest).values("name").distinct().count(),
        entries_since=max(0, since - of_witnesses),
    )


def sealing() -> Attested | None:
    """Since when nothing was sealed by a time-stamp authority; None where nothing ever was."""
    made = Seal.objects.exclude(gen_time=None)
    newest = made.order_by("-size", "gen_time").values_list("size", "gen_time").first()
    size, at = newest or (0, None)
    if at is None:
        return None
    since = Entry.objects.filter(index__gte=size).count()
    return Attested(
        size=size,
        at=at,
        by=made.filter(size=size).count(),
        entries_since=max(0, since - made.filter(entry__gte=size).count()),
    )


def accessions(principal: Principal) -> list[AccessionView]:
    rows = accessions_seen_by(principal).select_related("collection").order_by("pk")
    return [_accession(row, principal) for row in rows]


def _accession(row: Accession, principal: Principal) -> AccessionView:
    met = Occurrence.objects.filter(accession=row).aggregate(
        count=Count("pk"), bytes=Sum("item__size")
    )
    latest = None
    if principal.may(Right.SEE_CUSTODY):
        statements = Statement.objects.filter(accession=row).order_by("entry", "pk")
        latest = {one.topic: one.value for one in statements}
    return AccessionView(
        public_id=row.public_id,
        name=row.name,
        collection=row.collection.name,
        created=row.created,
        finished=row.finished,
        occurrences=met["count"],
        bytes=met["bytes"] or 0,
        excluded=Exclusion.objects.filter(accession=row).count(),
        statements=latest,
    )
