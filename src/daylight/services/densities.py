"""Where something moves, copied from the activity detector's object into the rows of the timeline.

The timeline draws thousands of recordings at once and cannot open an object for each.
"""

import os

from daylight.catalogue.models import Media, Recording, Rendition
from daylight.domain.digest import Digest
from daylight.domain.progress import SILENT, Progress
from daylight.domain.series import active_spans
from daylight.domain.timeline import LEVELS
from daylight.services.rows import update
from daylight.services.workspace import Workspace

DETECTOR = "activity"


def count() -> int:
    """How many recordings there are to bring up to date: each with pictures or sound has a row by then."""
    return Media.objects.filter(kind__in=("video", "audio")).count()


def refresh(ws: Workspace, progress: Progress = SILENT) -> int:
    """Bring the rows up to the newest findings; how many were written."""
    rows = Rendition.objects.filter(name=DETECTOR, finding__detector=DETECTOR)
    newest = {
        item: bytes(digest).hex()
        for item, digest in rows.order_by("finding__version").values_list("item_id", "sha256")
    }
    changed = []
    for row in Recording.objects.all():
        wanted = newest.get(row.item_id, "")
        if row.activity_of != wanted:
            row.activity_of = wanted
            row.activity = _levels(ws, Digest(bytes.fromhex(wanted))) if wanted else None
            changed.append(row)
        progress.advance(steps=1)
    update(Recording, changed, ["activity", "activity_of"])
    return len(changed)


def _levels(ws: Workspace, digest: Digest) -> list[list[int]]:
    with os.fdopen(ws.store.open_fd(digest), "rb") as file:
        spans = active_spans(file.read())
    return [
        [one.media_us, one.length_us, max(1, min(LEVELS, round(one.level * LEVELS)))]
        for one in spans
    ]
