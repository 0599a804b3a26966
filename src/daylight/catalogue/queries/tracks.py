"""Tracks that were found in an item, and items in which they may be looked for."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from daylight.catalogue.models import Finding, Item, Rendition
from daylight.catalogue.queries.work import Todo
from daylight.domain.digest import Digest

_PICTURES = Q(media__kind="video", media__key_frames__isnull=False) | Q(media__kind="image")


@dataclass(frozen=True, slots=True)
class KeptTracks:
    """``failed``: why there are none, else empty; ``blob``: None where it was thrown away."""

    failed: str
    blob: Digest | None


def kept_tracks(item: Digest, detector: str, version: int, blob: str) -> KeptTracks | None:
    """None where nobody has looked yet."""
    made = Finding.objects.filter(item__sha256=item, detector=detector, version=version)
    row = made.values_list("pk", "failed").first()
    if row is None:
        return None
    kept = Rendition.objects.filter(finding=row[0], name=blob).values_list("sha256", flat=True)
    digest = kept.first()
    return KeptTracks(row[1], None if digest is None else Digest(bytes(digest)))


def with_pictures(detector: str, version: int, item: Digest | None = None) -> list[Todo]:
    """Readable items with pictures (or the one that is named) without this finding."""
    made = Finding.objects.filter(item=OuterRef("pk"), detector=detector, version=version)
    rows = Item.objects.filter(_PICTURES & ~Q(media__state="unreadable"), ~Exists(made))
    if item is not None:
        rows = rows.filter(sha256=item)
    return [
        Todo(key, Digest(bytes(digest)), size, (detector,), probed=True)
        for key, digest, size in rows.order_by("pk").values_list("pk", "sha256", "size")
    ]
