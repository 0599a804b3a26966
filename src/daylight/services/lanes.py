"""The lanes under the player: findings, clock and marks of one item, along its time."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from daylight.catalogue.queries.burnt_clocks import burnt_clock
from daylight.catalogue.queries.found import FindingView, findings_of
from daylight.catalogue.queries.items import ItemView, item, media_facts
from daylight.catalogue.queries.marks import inherited, marks_of
from daylight.domain.digest import Digest
from daylight.domain.lanes import (
    LEVELS,
    Lane,
    Thing,
    from_moment,
    in_milliseconds,
    lane,
    loudness,
    spans_of,
    unexamined,
)
from daylight.domain.marks import Span
from daylight.domain.principal import Principal, Right
from daylight.domain.series import active_spans
from daylight.media.facts_json import from_json
from daylight.services.workspace import Workspace

MOST_BYTES: Final = 64 << 20  # of a blob that is read for a lane
COLUMNS: Final = 600  # of loudness
_LOOKS: Final = ("black", "covered", "frozen")
_POINT: Final = 200_000  # microseconds that a mark of a moment is drawn for

Findings = Mapping[str, FindingView]


class _Known:
    """One item, and what was found of it."""

    def __init__(self, ws: Workspace, principal: Principal, view: ItemView) -> None:
        self._ws, self.principal, self.view = ws, principal, view
        facts = media_facts(principal, view.public_id)
        self.heard = facts is None or from_json(facts).audio is not None
        self.found: Findings = {f.detector: f for f in findings_of(principal, view.public_id)}

    def by(self, detector: str) -> str | None:
        """Name and version; None where it has not looked, or could not."""
        found = self.found.get(detector)
        return None if found is None or found.failed else f"{detector}/{found.version}"

    def facts(self, detector: str) -> Mapping[str, Any]:
        return self.found[detector].facts

    def blob(self, name: str) -> bytes:
        """Empty where there is none: findings of nothing keep none."""
        kept = self.view.rendition(name)
        return b"" if kept is None else self._read(kept.digest)

    def _read(self, digest: Digest) -> bytes:
        with os.fdopen(self._ws.store.open_fd(digest), "rb") as file:
            return file.read(MOST_BYTES)


def lanes(ws: Workspace, principal: Principal, public_id: str) -> list[Lane]:
    """Of one item, the same lanes for every item of its kind; of sound only where it has any.

    ``KeyError`` where it is not seen.
    """
    principal.require(Right.SEE_ITEMS)
    view = item(principal, public_id)
    if view is None:
        raise KeyError(public_id)
    known = _Known(ws, principal, view)
    wanted = _LANES if view.kind == "video" else _HEARD
    return [make(known) for make in wanted if known.heard or make not in (_sound, _speech)]


def _activity(known: _Known) -> Lane:
    by = known.by("activity")
    if by is None:
        return unexamined("activity")
    blob = known.blob("activity")
    moving = active_spans(blob) if blob else []
    return lane(
        "activity",
        by,
        [
            Thing(a.media_us, a.media_us + a.length_us, max(1, round(a.level * LEVELS)))
            for a in moving
        ],
    )


def _shots(known: _Known) -> Lane:
    by = known.by("shots")
    if by is None:
        return unexamined("shots")
    blob = known.blob("cuts")
    cuts = spans_of(blob) if blob else []
    return lane("shots", by, cuts)


def _sound(known: _Known) -> Lane:
    by = known.by("sound")
    return unexamined("sound") if by is None else lane("sound", by, _loud(known))


def _loud(known: _Known) -> list[Thing]:
    events = from_moment(known.facts("sound").get("loud", {}).get("events"), "loud", 500)
    return [*loudness(known.blob("sound-level"), COLUMNS), *events]


def _speech(known: _Known) -> Lane:
    """Of the detector that understands it, else of the plain one."""
    by = known.by("speech")
    if by is not None:
        return lane("speech", by, in_milliseconds(known.facts("speech").get("spans")))
    by = known.by("sound")
    if by is None:
        return unexamined("speech")
    spans = known.facts("sound").get("speech", {}).get("spans")
    return lane("speech", by, in_milliseconds(spans))


def _clock(known: _Known) -> Lane:
    read = burnt_clock(known.principal, known.view.public_id)
    if read is None or read.failed:
        return unexamined("clock")
    return lane(
        "clock",
        f"clocks/{read.version}",
        [
            Thing(one.media_us, one.media_us + one.length_us, word=str(one.naive_us))
            for one in read.clock.pieces
        ],
    )


def _marks(known: _Known) -> Lane:
    own = [
        _mark(one.said.span, one.kind.value, one.said.severity)
        for one in marks_of(known.principal, known.view.public_id)
        if one.said.span is not None
    ]
    others = [
        _mark(one.span, "copy", one.mark.said.severity)
        for one in inherited(known.principal, known.view.public_id, known.view.digest)
        if one.span is not None
    ]
    return lane("marks", "", [*own, *others])


def _mark(span: Span, word: str, severity: int | None) -> Thing:
    level = LEVELS if severity is None else 1 + 2 * severity
    return Thing(span.start_us, max(span.end_us, span.start_us + _POINT), level, word)


def _damage(known: _Known) -> Lane:
    by = [name for name in map(known.by, ("lens", "structure")) if name is not None]
    if not by:
        return unexamined("damage")
    things = [one for name in _LOOKS if (blob := known.blob(name)) for one in spans_of(blob, name)]
    if known.by("structure") is not None:
        told = known.facts("structure")
        for name, word in (("gaps", "gap"), ("damaged", "damaged")):
            things += in_milliseconds(_ends(told.get(name, {}).get("spans", [])), word)
    return lane("damage", ", ".join(by), things)


def _ends(spans: Sequence[Sequence[int]]) -> list[list[int]]:
    """Begin and length as begin and end; what has no length is drawn for ``_POINT``."""
    return [[at, at + max(length, _POINT // 1000)] for at, length in spans]


_LANES: Final[tuple[Callable[[_Known], Lane], ...]] = (
    _activity,
    _shots,
    _sound,
    _speech,
    _clock,
    _marks,
    _damage,
)
_HEARD: Final[tuple[Callable[[_Known], Lane], ...]] = (_sound, _speech, _marks)
