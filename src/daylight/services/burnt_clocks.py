"""Reading the burnt-in clocks of what was examined: what has crops, minus what was read from them."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from daylight.analyses.clock_orders import settled
from daylight.analyses.clocks import Reader, Reading
from daylight.analyses.label_text import text_of
from daylight.analyses.labels import Labels
from daylight.analyses.registry import ANALYSES
from daylight.catalogue.models import ClockReading
from daylight.catalogue.queries.burnt_clocks import (
    CROPS,
    ClockTodo,
    label_texts,
    labelled,
    of_cameras,
    unread,
)
from daylight.catalogue.queries.vault import agents
from daylight.detectors.registry import listed
from daylight.domain.burnt_clock import BurntClock, Ticking
from daylight.domain.burnt_clock_json import pieces_to_json
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.media.overlay_blob import Strip, unpack
from daylight.services import heads, indexing
from daylight.services.record import record
from daylight.services.workspace import Workspace
from daylight.storage.layout import in_use, lock

NAME = "clocks"
BATCH = 100  # items a transaction
TRIES = 3  # recordings of a camera whose label is read as text


@dataclass(frozen=True, slots=True)
class _Read:
    todo: ClockTodo
    reading: Reading | None
    failed: str = ""


@dataclass(slots=True)
class _Texts:
    """What was read of labels, by key; of one that could not be read, some further recordings are tried."""

    known: dict[str, str]
    tried: Counter[str] = field(default_factory=Counter)

    def of(self, key: str, line: Strip) -> str:
        if key not in self.known and self.tried[key] < TRIES:
            self.tried[key] += 1
            if text := text_of(line):
                self.known[key] = text
        return self.known.get(key, "")


def read_clocks(ws: Workspace, principal: Principal, progress: Progress) -> int:
    """Read the clock of every item with crops that were not read yet. Gives the number of items.

    Idempotent, and safe to interrupt: what was read is kept a batch at a time. Raises ``VaultBusy`` while
    another process examines.
    """
    principal.require(Right.EXAMINE)
    with in_use(ws.layout), lock(ws.layout, "examine"):
        count = _read_all(ws, progress)
        if count:
            heads.keep(ws)
        return count


def _read_all(ws: Workspace, progress: Progress) -> int:
    version = ANALYSES[NAME].version
    todo = unread(listed()[CROPS].version, version)
    reader = Reader()
    labels = _known_labels(ws, reader) if todo else Labels()
    texts = _Texts(label_texts(version) if todo else {})
    progress.total(amount=-1, steps=len(todo))
    for at in range(0, len(todo), BATCH):
        batch = []
        for one in todo[at : at + BATCH]:
            batch.append(_named(_read(ws, reader, one), labels, texts))
            progress.advance(steps=1)
        _keep(ws, batch, version)
    return len(todo)


def _known_labels(ws: Workspace, reader: Reader) -> Labels:
    """Labels of earlier runs, from the crops that they were seen in."""
    labels = Labels()
    for key, crops in labelled():
        label = reader.read(unpack(_crops(ws, crops))).label
        if label is not None:
            labels.learn(key, label)
    return labels


def _named(one: _Read, labels: Labels, texts: _Texts) -> _Read:
    """With the key of its label, and the text, read once for all that bear the key."""
    if one.reading is None or one.reading.label is None or one.reading.label_line is None:
        return one
    key = labels.key_of(one.reading.label)
    text = texts.of(key, one.reading.label_line)
    clock = replace(one.reading.clock, label_key=key, label=text)
    return replace(one, reading=replace(one.reading, clock=clock))


def _read(ws: Workspace, reader: Reader, one: ClockTodo) -> _Read:
    """Crops come from hostile bytes: those that make no sense are named, and cost one reading."""
    if one.crops is None:
        return _Read(one, None)
    try:
        strips = unpack(_crops(ws, one.crops))
    except ValueError as error:
        return _Read(one, None, str(error)[:300])
    return _Read(one, reader.read(strips))


def _crops(ws: Workspace, digest: Digest) -> bytes:
    with os.fdopen(ws.store.open_fd(digest), "rb", buffering=0) as file:
        return file.read()


def _keep(ws: Workspace, batch: Sequence[_Read], version: int) -> None:
    rows = [_row(one, version) for one in batch]
    with transaction.atomic():
        record(
            ws,
            agents().software,
            "analysed",
            objects=[one.todo.digest for one in batch],
            details={"analysis": f"{NAME}/{version}"},
        )
        ClockReading.objects.filter(item__in=[one.todo.key for one in batch]).delete()
        ClockReading.objects.bulk_create(rows)
        for row in rows:
            indexing.put(row.item_id, "label", f"label-{row.item_id}", row.label)
        _settle(frozenset(row.camera for row in rows if row.camera))


def _settle(cameras: frozenset[str]) -> None:
    """Tell day and month apart by what is known of these cameras now."""
    for clocks in of_cameras(cameras).values():
        for key, clock in settled(clocks).items():
            ClockReading.objects.filter(item=key).update(**_columns(clock))


def _row(one: _Read, version: int) -> ClockReading:
    clock = BurntClock(Ticking.NONE) if one.reading is None else one.reading.clock
    return ClockReading(
        item_id=one.todo.key,
        version=version,
        source="" if one.todo.crops is None else one.todo.crops.hex(),
        failed=one.failed,
        camera="" if one.reading is None else one.reading.camera,
        **_columns(clock),
    )


def _columns(clock: BurntClock) -> dict[str, Any]:
    return {
        "ticking": clock.ticking.value,
        "layout": clock.layout,
        "others": list(clock.others),
        "pace": clock.pace,
        "label": clock.label,
        "label_key": clock.label_key,
        "read": clock.read,
        "seen": clock.seen,
        "confidence": clock.confidence,
        "pieces": pieces_to_json(clock.pieces),
    }
