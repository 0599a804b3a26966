"""Closing what the ledger says of items for good, and deleting their rows.

Salts go and bare commitments stay: they tell nothing, and without them the other objects of the
same entries could not be proved any more.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from daylight.catalogue import models
from daylight.ledger.approval import NEEDED
from daylight.ledger.leaf import commit

BATCH = 500  # rows
TOUCHED = (
    models.Analysed,
    models.Camera,
    models.ClockOffset,
    models.ClockReading,
    models.Comment,
    models.Comparison,
    models.Confirmation,
    models.Contested,
    models.Entry,
    models.Exclusion,
    models.Finding,
    models.Hold,
    models.Holding,
    models.Item,
    models.Known,
    models.LeakedPath,
    models.Mark,
    models.MarkVersion,
    models.Media,
    models.Occurrence,
    models.Opening,
    models.Recording,
    models.RedactionPlan,
    models.RedactionVersion,
    models.Relation,
    models.ReleaseOpening,
    models.Rendition,
    models.Request,
    models.RequestItem,
    models.Segment,
    models.Standing,
    models.Task,
    models.Urgent,
)


@dataclass(frozen=True, slots=True)
class Traces:
    """What items have left: the objects that hold them, and the names they came under."""

    objects: frozenset[bytes]
    names: frozenset[bytes]


def traces(items: Collection[int]) -> Traces:
    """Before the rows go. ``items``: keys."""
    objects = {
        *models.Item.objects.filter(pk__in=items).values_list("sha256", flat=True),
        *models.Rendition.objects.filter(item__in=items).values_list("sha256", flat=True),
        *models.Media.objects.filter(item__in=items).values_list("key_frames", flat=True),
    }
    names = models.LeakedPath.objects.filter(occurrence__item__in=items).values_list(
        "path", flat=True
    )
    return Traces(
        frozenset(bytes(one) for one in objects if one is not None), frozenset(map(bytes, names))
    )


def close(items: Mapping[int, bytes]) -> list[int]:
    """Close every commitment to these items (key to digest); the entries touched, in order."""
    touched = _close(items)
    models.Request.objects.filter(entry__in=touched).update(salt=None)
    still = {
        *models.Occurrence.objects.filter(entry__in=touched, salt__isnull=False).values_list(
            "entry", flat=True
        ),
        *models.Opening.objects.filter(entry__in=touched, salt__isnull=False).values_list(
            "entry", flat=True
        ),
    }
    silent = {index for index in touched - still if not _takes_two(index)}
    silent |= _naming([digest.hex().encode() for digest in items.values()])
    models.Entry.objects.filter(index__in=silent).update(details=None, details_salt=None)
    return sorted(touched | silent)


def _close(items: Mapping[int, bytes]) -> set[int]:
    received = list(models.Occurrence.objects.filter(item__in=items))
    others = list(models.Opening.objects.filter(item__in=items))
    rows: list[models.Occurrence | models.Opening] = [*received, *others]
    for row in rows:
        if row.salt is not None and row.item_id is not None:
            row.commitment = commit(bytes(row.salt), items[row.item_id])
        row.item, row.salt = None, None
    changed = ["item", "salt", "commitment"]
    models.Occurrence.objects.bulk_update(received, changed, batch_size=BATCH)
    models.Opening.objects.bulk_update(others, changed, batch_size=BATCH)
    models.ReleaseOpening.objects.filter(item__in=items).update(item=None, salt=None)
    return {row.entry for row in rows}


def _takes_two(index: int) -> bool:
    """Such an entry's details are signatures, and say of its items nothing that is not salted."""
    return json.loads(bytes(models.Entry.objects.get(index=index).leaf))["action"] in NEEDED


def _naming(names: Collection[bytes]) -> set[int]:
    """Entries whose details name one of these digests."""
    rows = models.Entry.objects.filter(details__isnull=False).values_list("index", "details")
    return {
        index
        for index, details in rows.iterator(chunk_size=5000)
        if any(name in bytes(details or b"") for name in names) and not _takes_two(index)
    }


def delete(items: Collection[int], now: datetime) -> None:
    """Every row of these items; the database refuses where one is under hold."""
    open_still = models.Request.objects.filter(items__item__in=items, entry=None)
    dangling = set(open_still.values_list("pk", flat=True))
    models.Request.objects.filter(pk__in=dangling).update(withdrawn=now, salt=None)
    models.RequestItem.objects.filter(request__in=dangling).delete()
    models.RequestItem.objects.filter(item__in=items).delete()
    _delete_relations(items)
    models.Mark.objects.filter(item__in=items).delete()  # with versions, threads, confirmations
    models.RedactionPlan.objects.filter(item__in=items).delete()  # with their versions
    models.Task.objects.filter(item__in=items).delete()
    models.Segment.objects.filter(item__in=items).delete()
    models.Standing.objects.filter(item__in=items).delete()
    models.ClockReading.objects.filter(item__in=items).delete()
    models.Rendition.objects.filter(item__in=items).delete()
    models.Finding.objects.filter(item__in=items).delete()
    models.Media.objects.filter(item__in=items).delete()
    models.Holding.objects.filter(item__in=items).delete()
    models.Hold.objects.filter(item__in=items).exclude(lifted=None).delete()
    _take_from_cameras(items)
    models.Item.objects.filter(pk__in=items).delete()


def _delete_relations(items: Collection[int]) -> None:
    """A film that is known outside and is the very file goes as well: its name is the item's."""
    either = Q(item_a__in=items) | Q(item_b__in=items)
    models.Relation.objects.filter(either).delete()
    models.Comparison.objects.filter(either).delete()
    digests = models.Item.objects.filter(pk__in=items).values_list("sha256", flat=True)
    known = models.Known.objects.filter(digest__in=[bytes(one) for one in digests])
    models.Contested.objects.filter(Q(item__in=items) | Q(known__in=known)).delete()
    known.delete()
    models.Analysed.objects.all().delete()


def _take_from_cameras(items: Collection[int]) -> None:
    """What a camera is known by came out of its items: it goes where none of them remains."""
    left = set(models.Recording.objects.filter(item__in=items).values_list("camera_id", flat=True))
    models.Recording.objects.filter(item__in=items).delete()
    held = models.Recording.objects.exclude(camera=None).values("camera")
    empty = models.Camera.objects.filter(pk__in=left - {None}).exclude(pk__in=held)
    models.ClockOffset.objects.filter(camera__in=empty).exclude(entry__isnull=False).delete()
    empty.update(label="", label_keys=[])
    empty.filter(confirmed=False, offsets=None, dates="").delete()
    models.PlacingRun.objects.all().delete()


def delete_names(items: Collection[int]) -> None:
    """The names these items came under, and what was refused under the same; before :func:`close`."""
    rows = models.LeakedPath.objects.filter(occurrence__item__in=items)
    for accession, digest in list(rows.values_list("accession_id", "path_sha256")):
        models.Exclusion.objects.filter(accession_id=accession, path_sha256=digest).delete()
    rows.delete()
