"""Who goes through what, what nobody has gone through yet, and how far each collection is."""

from collections.abc import Collection as Many
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from daylight.catalogue.models import Collection, Holding, Item, Recording, Standing, Task
from daylight.catalogue.queries.access import items_seen_by
from daylight.domain.principal import Principal, Right

OFFERED = 12
LISTED = 50


@dataclass(frozen=True, slots=True)
class TaskView:
    """``item``: public id; ``ended``: how, empty while it goes on; ``beside``: why a third looks."""

    public_id: str
    item: str
    item_name: str  # the first digits of its SHA-256
    agent: str
    given_by: str
    at: datetime
    beside: str
    ended: str
    ended_at: datetime | None
    severity: int | None


@dataclass(frozen=True, slots=True)
class Tasks:
    """``further``: how many more there are that are not listed."""

    listed: tuple[TaskView, ...]
    further: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that nobody has gone through. ``duration_us``: microseconds, None where unknown.

    ``camera``: its name, else the label in the picture, else ``#`` and its number; empty where unknown.
    ``at_us``: real time, else by the clock in the picture.
    """

    item: str
    item_name: str
    duration_us: int | None
    severity: int | None
    camera: str
    at_us: int | None


@dataclass(frozen=True, slots=True)
class Share:
    """Of the recordings and pictures of one collection that can be looked at."""

    collection: str
    items: int
    reviewed: int
    described: int
    taken: int


@dataclass(frozen=True, slots=True)
class StandingView:
    severity: int | None
    notes: tuple[str, ...]
    described: bool
    reviewed: bool


_LOOKED_AT = Q(media__kind__in=("video", "audio", "image")) & ~Q(media__state="unreadable")


def tasks_of_item(principal: Principal, item: str) -> tuple[TaskView, ...]:
    """All there were, oldest first."""
    return tuple(map(_view, _tasks(principal).filter(item__public_id=item)))


def my_tasks(principal: Principal) -> Tasks:
    """What one has taken or was given and has not ended, oldest first."""
    return _listed(_tasks(principal).filter(agent=principal.agent, ended=""))


def handed_over(
    principal: Principal, *, at_most: int | None = None, without: Many[str] = ()
) -> Tasks:
    """What somebody gave back and nobody has taken since; listed is of that what ``offers`` would offer."""
    open_now = Task.objects.filter(item=OuterRef("item"), ended="")
    later = Task.objects.filter(item=OuterRef("item"), ended="reviewed", pk__gt=OuterRef("pk"))
    rows = _tasks(principal).filter(~Exists(open_now), ~Exists(later), ended="handed-over")
    return _listed(rows, _bearable("item", at_most, without))


def offers(
    principal: Principal, *, at_most: int | None = None, without: Many[str] = ()
) -> tuple[Offer, ...]:
    """What nobody has seen, in the order it came in; the described and the taken come not at all.

    ``at_most``: a severity; what is worse is not offered. ``without``: content notes, of which nothing
    that bears one is offered.
    """
    principal.require(Right.WATCH)
    seen = Standing.objects.filter(item=OuterRef("pk")).filter(Q(reviewed=True) | Q(described=True))
    taken = Task.objects.filter(item=OuterRef("pk")).filter(Q(ended="") | Q(agent=principal.agent))
    rows = items_seen_by(principal).filter(_LOOKED_AT, ~Exists(seen), ~Exists(taken))
    rows = rows.filter(_bearable("pk", at_most, without))
    found = rows.select_related("media", "standing", "recording__camera").order_by("pk")[:OFFERED]
    return tuple(
        Offer(row.public_id, _name(row), row.media.duration_us, _severity(row), *_where(row))
        for row in found
    )


def _bearable(item: str, at_most: int | None, without: Many[str]) -> Q:
    """``item``: the name of the column that says which item a row is of."""
    standing = Standing.objects.filter(item=OuterRef(item))
    wanted = Q()
    if at_most is not None:
        wanted &= Q(~Exists(standing.filter(severity__gt=at_most)))
    for note in without:
        wanted &= Q(~Exists(standing.filter(notes__contains=f" {note} ")))
    return wanted


def _where(item: Item) -> tuple[str, int | None]:
    """Camera and time."""
    placed: Recording | None = getattr(item, "recording", None)
    if placed is None:
        return "", None
    camera = placed.camera
    name = camera and (camera.name or camera.label or f"#{camera.number}")
    return name or "", placed.burnt_us if placed.real_us is None else placed.real_us


def standing_of(principal: Principal, item: str) -> StandingView:
    """What is known of an item before anybody opens it."""
    row = Standing.objects.filter(item__in=items_seen_by(principal), item__public_id=item).first()
    if row is None:
        return StandingView(None, (), described=False, reviewed=False)
    return StandingView(row.severity, tuple(row.notes.split()), row.described, row.reviewed)


def severities_of(principal: Principal, items: Many[str]) -> dict[str, int]:
    """By public id, of those that somebody has said it of, and that are seen."""
    rows = Standing.objects.filter(item__in=items_seen_by(principal), item__public_id__in=items)
    found = rows.exclude(severity=None).values_list("item__public_id", "severity")
    return {str(item): int(severity) for item, severity in found if severity is not None}


def shares(principal: Principal) -> tuple[Share, ...]:
    """How far each collection is that one sees, by name."""
    principal.require(Right.SEE_ITEMS)
    homes = Collection.objects.order_by("name")
    if principal.collections is not None:
        homes = homes.filter(public_id__in=principal.collections)
    open_now = Task.objects.filter(item=OuterRef("item"), ended="")
    looked_at = Q(item__media__kind__in=("video", "audio", "image")) & ~Q(
        item__media__state="unreadable"
    )
    rows = (
        Holding.objects.filter(looked_at, collection__in=homes)
        .values("collection")
        .annotate(
            items=Count("pk"),
            reviewed=Count("pk", filter=Q(item__standing__reviewed=True)),
            described=Count("pk", filter=Q(item__standing__described=True)),
            taken=Count("pk", filter=Exists(open_now)),
        )
    )
    found = {row["collection"]: row for row in rows}
    none = {"items": 0, "reviewed": 0, "described": 0, "taken": 0}
    return tuple(
        Share(home.name, **{key: found.get(home.pk, none)[key] for key in none}) for home in homes
    )


def _tasks(principal: Principal) -> QuerySet[Task]:
    rows = Task.objects.filter(item__in=items_seen_by(principal))
    return rows.select_related("item__standing").order_by("pk")


def _listed(rows: QuerySet[Task], wanted: Q | None = None) -> Tasks:
    """The first that are ``wanted``, and how many there are besides of all."""
    some = rows if wanted is None else rows.filter(wanted)
    listed = tuple(map(_view, some[:LISTED]))
    return Tasks(listed, rows.count() - len(listed))


def _view(row: Task) -> TaskView:
    return TaskView(
        row.public_id,
        row.item.public_id,
        _name(row.item),
        row.agent,
        row.given_by,
        row.at,
        row.beside,
        row.ended,
        row.ended_at,
        _severity(row.item),
    )


def _name(item: Item) -> str:
    return bytes(item.sha256).hex()[:12]


def _severity(item: Item) -> int | None:
    standing: Standing | None = getattr(item, "standing", None)
    return None if standing is None else standing.severity
