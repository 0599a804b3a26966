"""Keeping what was found: blobs first, durable, then rows and the entry in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from daylight.catalogue.models import Finding, Media, Rendition
from daylight.catalogue.queries.vault import agents
from daylight.catalogue.queries.work import Todo
from daylight.detectors.registry import PROBE_VERSION
from daylight.detectors.results import CheckedBlob, CheckedFinding
from daylight.domain.digest import Digest, digest_of
from daylight.domain.media import Kind, MediaFacts
from daylight.ledger.leaf import Value
from daylight.media.facts_json import to_json
from daylight.services.record import record
from daylight.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Examined:
    """One item, examined. ``index``: its key-frame index as a blob, empty without one.

    With a salvage read in place of the original, ``facts`` and ``index`` are the salvage's.
    """

    todo: Todo
    facts: MediaFacts
    index: bytes
    findings: tuple[CheckedFinding, ...]


def keep(ws: Workspace, ready: Sequence[Examined]) -> None:
    """Idempotent: what an earlier, killed run has kept is written over with the same.

    The ledger names the software: it found, whoever asked.
    """
    blobs = [blob.data for one in ready for found in one.findings for blob in found.blobs]
    ws.store.put_many([*blobs, *(one.index for one in ready if one.index)])
    with transaction.atomic():
        record(
            ws,
            agents().software,
            "examined",
            objects=[one.todo.digest for one in ready],
            details={
                "probe": PROBE_VERSION,
                "detectors": " ".join(sorted(_names(ready))),
                **_salvages(ready),
            },
        )
        _keep_rows(ready)


def keep_further(
    ws: Workspace, ready: Sequence[tuple[Todo, CheckedFinding]], details: Mapping[str, str]
) -> None:
    """Findings of items whose facts are known already; as ``keep``."""
    ws.store.put_many([blob.data for _, found in ready for blob in found.blobs])
    names = {f"{found.detector}/{found.version}" for _, found in ready}
    with transaction.atomic():
        record(
            ws,
            agents().software,
            "examined",
            objects=[todo.digest for todo, _ in ready],
            details={"detectors": " ".join(sorted(names)), **details},
        )
        for todo, found in ready:
            _forget(todo.key, found)
        _keep_found([(todo.key, found, None) for todo, found in ready])


def _forget(item: int, found: CheckedFinding) -> None:
    """What a run that was killed had found."""
    same = {"item_id": item, "detector": found.detector, "version": found.version}
    Rendition.objects.filter(finding__in=Finding.objects.filter(**same)).delete()
    Finding.objects.filter(**same).delete()


def _keep_found(made: Sequence[tuple[int, CheckedFinding, Digest | None]]) -> None:
    """Item's key, what was found, and the salvage that was read instead of it."""
    rows = Finding.objects.bulk_create(_finding_row(*one) for one in made)
    Rendition.objects.bulk_create(
        row_of(item, row, blob)
        for (item, found, _), row in zip(made, rows, strict=True)
        for blob in found.blobs
    )


def _finding_row(item: int, found: CheckedFinding, salvage: Digest | None = None) -> Finding:
    """Not saved yet."""
    return Finding(
        item_id=item,
        detector=found.detector,
        version=found.version,
        failed=found.failed,
        facts=dict(found.facts),
        read_from=salvage,
    )


def _names(ready: Sequence[Examined]) -> set[str]:
    return {f"{found.detector}/{found.version}" for one in ready for found in one.findings}


def _salvages(ready: Sequence[Examined]) -> dict[str, Value]:
    """How many were read from a salvage: said where there are any."""
    count = sum(one.todo.salvage is not None for one in ready)
    return {"salvages": count} if count else {}


def _keep_rows(ready: Sequence[Examined]) -> None:
    """In place of what an earlier version, or a run that was killed, had found.

    What an item is stays what the probe of its original said, whatever a salvage of it shows.
    """
    keys = [one.todo.key for one in ready]
    own = [one for one in ready if one.todo.salvage is None]
    Media.objects.filter(item__in=[one.todo.key for one in own]).delete()
    Media.objects.bulk_create(Media(item_id=one.todo.key, **_row(one)) for one in own)
    made = [(one.todo.key, found, one.todo.salvage) for one in ready for found in one.findings]
    for item, found, _ in made if Finding.objects.filter(item__in=keys).exists() else ():
        _forget(item, found)
    _keep_found(made)


def _row(one: Examined) -> dict[str, Any]:
    facts = one.facts
    shown = facts.video if facts.kind is not Kind.AUDIO else facts.audio
    rate = shown.frame_rate if shown is not None else None
    return {
        "probe_version": PROBE_VERSION,
        "kind": facts.kind.value,
        "state": facts.state.value,
        "reason": facts.reason[:300],
        "container": facts.container,
        "codec": shown.codec if shown is not None else "",
        "width": shown.width if shown is not None else None,
        "height": shown.height if shown is not None else None,
        "fps": None if rate is None else float(rate),
        "duration_us": None if facts.duration is None else round(facts.duration * 1_000_000),
        "has_sound": facts.audio is not None,
        "facts": to_json(facts),
        "key_frames": digest_of(one.index) if one.index else None,
    }


def row_of(item: int, finding: Finding, blob: CheckedBlob) -> Rendition:
    """Not saved yet."""
    digest: Digest = digest_of(blob.data)
    return Rendition(
        item_id=item,
        finding=finding,
        name=blob.name,
        media_type=blob.media_type,
        sha256=digest,
        size=len(blob.data),
        facts=dict(blob.facts),
    )
