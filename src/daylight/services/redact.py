"""Redacted copies: the plan, the rendering, the check, the report; published whole or not at all."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.db import transaction

from daylight.catalogue.queries.items import ItemView, media_facts
from daylight.catalogue.queries.redactions import plan_of
from daylight.catalogue.queries.review import standing_of
from daylight.domain.marks import Key
from daylight.domain.media import Kind, MediaFacts, State
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.domain.redaction import Plan, Region, Word, drafted, gaps_closed, states
from daylight.domain.redaction_picks import picks
from daylight.domain.tracks import Sort
from daylight.errors import (
    MediaRefused,
    PlanRefused,
    PlanUndecided,
    RedactionFailed,
    StoreCorrupt,
    UsageError,
)
from daylight.ledger.leaf import Value
from daylight.media import mask_task
from daylight.media.facts_json import from_json
from daylight.media.mask_film import check_codec
from daylight.services import heads, redact_again, redactions
from daylight.services.finding import Finder
from daylight.services.record import record
from daylight.services.redact_again import Checker
from daylight.services.redact_files import Files
from daylight.services.redactions import Saved
from daylight.services.workspace import Workspace

FILMS: Final = (".mp4", ".m4v", ".m4a")
FORMS: Final = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
_MICRO: Final = 1_000_000
_CHUNK: Final = 1 << 20

# Enters what was made in the ledger, in a transaction of its own; the entry's index.
Enter = Callable[[Mapping[str, Value]], int]


@dataclass(frozen=True, slots=True)
class Report:
    """``undecided``: names; ``document``: ``redaction-report/1``; ``sha256``: of what was made."""

    saved: Saved
    frames: int
    tracks: int
    undecided: tuple[str, ...]
    gaps_closed: int
    seconds: float
    sha256: str
    entry: int
    document: Mapping[str, Any]

    @property
    def seen_again(self) -> int | None:
        """How often a face was seen where none should be; None where nobody looked."""
        again = self.document.get("detector_again") or redact_again.NOT_LOOKED
        return int(again["seen"]) if again["looked"] else None


@dataclass(frozen=True, slots=True)
class _Made:
    """``said``: the part of the report that tells of the rendering and of its check."""

    frames: int
    said: dict[str, Any]
    sheets: tuple[bytes, ...] = ()


def draft(
    ws: Workspace, principal: Principal, item: ItemView, find: Finder, progress: Progress
) -> Plan:
    """A plan that covers everything that was found. ``ModelMissing`` where nothing finds faces.

    Demands, labels and whole spans of a plan that is there already stay in it, and so does what people decided;
    but not that everyone is covered, where other places are covered now than those it was said of.
    """
    principal.require(Right.WATCH)
    standing = standing_of(principal, item.public_id)
    tracks = find(ws, item.digest, progress)
    made = drafted(item.digest, tracks, severity=standing.severity, notes=standing.notes)
    before = plan_of(principal, item.digest)
    if before is None:
        return made
    old = before.plan
    stays = (Sort.HAND, Sort.TEXT)  # nothing of it is found anew
    kept = tuple(one for one in old.regions if one.word.given or one.sort in stays)
    found = tuple(one for one in made.regions if not _is_among(one, kept))
    taken = {one.name for one in kept} | {one.name for one in old.labels}
    regions = (*kept, *_renamed(found, taken))
    everyone = old.everyone if _places(regions) == _places(old.regions) else Word()
    return replace(old, regions=regions, bodies=old.bodies or made.bodies, everyone=everyone)


def _places(regions: tuple[Region, ...]) -> set[tuple[Sort, tuple[Key, ...]]]:
    return {(one.sort, one.keys) for one in regions}


def _is_among(found: Region, kept: tuple[Region, ...]) -> bool:
    """Whether it was decided on. A name says nothing: found anew, faces are numbered anew."""
    return _places((found,)) <= _places(kept)


def _renamed(found: tuple[Region, ...], taken: set[str]) -> tuple[Region, ...]:
    """The same regions, none with a name that is taken."""
    names = set(taken) | {one.name for one in found}
    renamed = []
    for one in found:
        name = one.name
        if name in taken:
            name = next(new for n in count(1) if (new := f"{one.sort.value}-{n}") not in names)
            names.add(name)
        renamed.append(replace(one, name=name))
    return tuple(renamed)


def undecided_of(plan: Plan, facts: MediaFacts) -> tuple[str, ...]:
    """Names, as :meth:`Plan.undecided` tells them."""
    return plan.undecided(duration_of(facts), pictures=facts.kind is not Kind.AUDIO)


def facts_of(principal: Principal, item: ItemView) -> dict[str, Any]:
    """``MediaRefused`` for what is not examined yet, or cannot be read."""
    stored = media_facts(principal, item.public_id)
    if stored is None:
        raise MediaRefused("it is not examined yet; `daylight examine` does it")
    facts = from_json(stored)
    if facts.state is State.UNREADABLE:
        raise MediaRefused("it cannot be read")
    if facts.kind not in (Kind.VIDEO, Kind.AUDIO, Kind.IMAGE):
        raise MediaRefused("it is neither film nor sound nor picture")
    return stored


def check_decided(principal: Principal, item: ItemView, plan: Plan) -> None:
    """``PlanUndecided`` while anything of it was decided by nobody; ``PlanRefused``."""
    check_about(item, plan)
    facts = from_json(facts_of(principal, item))
    undecided = undecided_of(plan, facts)
    if undecided:
        names = ", ".join(undecided[:5])
        raise PlanUndecided(f"{len(undecided)} are undecided: {names}")


def check_about(item: ItemView, plan: Plan) -> None:
    if plan.item != item.digest:
        raise PlanRefused("the plan belongs to another item")


def redact(
    ws: Workspace,
    principal: Principal,
    item: ItemView,
    plan: Plan,
    out: Path,
    progress: Progress,
    enter: Enter | None = None,
) -> Report:
    """Render ``plan`` of ``item`` into ``out``, check it, and write its report beside it.

    ``enter``: for a release, enters it with both signatures. Raises ``MediaRefused``, ``PlanRefused``,
    ``RedactionFailed``, ``DestinationExists``, ``StoreCorrupt``, ``SandboxMissing``: nothing is left then.
    """
    principal.require(Right.EXPORT)
    principal.require(Right.WATCH)
    began = time.monotonic()
    check_about(item, plan)
    stored = facts_of(principal, item)
    facts = from_json(stored)
    check_form(facts, out)
    check_codec(plan.output.codec)
    refusing = enter is not None and facts.kind is not Kind.AUDIO
    with redact_again.checker(ws, refusing=refusing) as checker, Files(ws, out) as files:
        saved = redactions.save(ws, principal, plan)
        made, sha256 = _render(ws, stored, plan, files, checker, progress)
        document = _document(plan, saved, facts, made, sha256)
        body = json.dumps(document, sort_keys=True, indent=1).encode()
        with files.file(".report.json") as file:
            file.write(body)
        for number, sheet in enumerate(made.sheets, 1):
            with files.file(f".strip-{number}.jpg") as file:
                file.write(sheet)
        told: dict[str, Value] = {
            "plan": saved.plan,
            "version": saved.version,
            "made": sha256,
            "report": hashlib.sha256(body).hexdigest(),
        }
        entry = (enter or _entering(ws, principal, plan))(told)
        files.publish()
    heads.keep(ws)
    seconds = time.monotonic() - began
    undecided = undecided_of(plan, facts)
    counts = (made.frames, len(plan.regions), undecided, gaps_closed(plan))
    return Report(saved, *counts, seconds, sha256, entry, document)


def _entering(ws: Workspace, principal: Principal, plan: Plan) -> Enter:
    def enter(told: Mapping[str, Value]) -> int:
        with transaction.atomic():
            return record(
                ws, principal.agent, "redaction-rendered", objects=[plan.item], details=told
            ).index

    return enter


def check_form(facts: MediaFacts, out: Path) -> None:
    """``UsageError`` for a name whose ending says another form than is made: before anything is looked for."""
    wanted = tuple(FORMS) if facts.kind is Kind.IMAGE else FILMS
    if out.suffix.lower() not in wanted:
        raise UsageError(f"what is made of it ends in {' or '.join(wanted)}")


def duration_of(facts: MediaFacts) -> int:
    """Microseconds; of a picture, a moment."""
    return 1 if facts.duration is None else int(facts.duration * _MICRO)


def _render(
    ws: Workspace,
    stored: dict[str, Any],
    plan: Plan,
    files: Files,
    checker: Checker,
    progress: Progress,
) -> tuple[_Made, str]:
    media = ws.store.open_fd(plan.item)
    try:
        check_unchanged(media, plan)
        with ws.start_executor(1) as executor, files.file() as file:
            if from_json(stored).kind is Kind.IMAGE:
                made = _still(executor, stored, plan, media, file, files.out, checker)
            else:
                made = _film(executor, stored, plan, media, file, checker, progress)
            file.flush()
            return made, _sha256(file.fileno())
    finally:
        os.close(media)


def check_unchanged(media: int, plan: Plan) -> None:
    if _sha256(media) != plan.item.hex():
        raise StoreCorrupt("the item's bytes are not those that came in")


def _sha256(descriptor: int) -> str:
    hashed, at = hashlib.sha256(), 0
    while data := os.pread(descriptor, _CHUNK, at):
        hashed.update(data)
        at += len(data)
    return hashed.hexdigest()


def _film(
    executor: Any,
    stored: dict[str, Any],
    plan: Plan,
    media: int,
    file: BinaryIO,
    checker: Checker,
    progress: Progress,
) -> _Made:
    progress.say("rendering")
    rendered = mask_task.render(executor, stored, plan, media, file)
    file.flush()
    progress.say("checking")
    with redact_again.at_film(checker, plan, rendered.film) as (look, again):
        checked = mask_task.check(
            executor, rendered, plan, picks(plan), file.fileno(), stored, look
        )
    if checked.faults:
        raise RedactionFailed(f"what was made did not pass its check: {checked.faults[0]}")
    film = rendered.film
    counts = dict(film.counts or {})
    if film.picture and counts["whole"] < counts["missing"] + counts["untrusted"]:
        raise RedactionFailed("pictures that are missing or corrupt were not covered whole")
    said = {
        "pictures": {**counts, "passes": rendered.passes},
        "damaged": [[one.start_us, one.end_us] for one in rendered.damaged],
        "begins_us": film.first_us,
        "tracks": list(checked.tracks),
        "masks_checked": checked.places,
        "furthest_from_paint": checked.worst,
        "mean_from_paint": checked.mean,
        "strip": [list(times) for _, times in checked.sheets],
        **again,
    }
    return _Made(film.pictures, said, tuple(data for data, _ in checked.sheets))


def _still(
    executor: Any,
    stored: dict[str, Any],
    plan: Plan,
    media: int,
    file: BinaryIO,
    out: Path,
    checker: Checker,
) -> _Made:
    form = FORMS[out.suffix.lower()]
    still = mask_task.render_still(executor, stored, plan, media, form)
    again = redact_again.at_still(checker, executor, plan, still, form)
    file.write(still.data)
    said = {"furthest_from_paint": still.furthest, "form": form, "detector_again": again}
    return _Made(1, said)


def _document(
    plan: Plan, saved: Saved, facts: MediaFacts, made: _Made, sha256: str
) -> dict[str, Any]:
    return {
        "schema": "redaction-report/1",
        "item": plan.item.hex(),
        "plan": {"id": saved.plan, "version": saved.version, "sha256": saved.sha256},
        "made": sha256,
        "frames": made.frames,
        "regions": {state.value: count for state, count in states(plan).items()},
        "undecided": list(undecided_of(plan, facts)),
        "gaps_closed": gaps_closed(plan),
        "bodies": plan.bodies,
        "sound": "decided" if plan.sound else "left out",
        **made.said,
    }
