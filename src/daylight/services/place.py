"""What people say of recordings: which camera they are of, and how its clock stands.

Each word is an entry in the ledger, and is never written over by an analysis. What is said of an item
is kept for the camera as well: further items that the same evidence puts there follow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import available_timezones

from django.db import transaction

from daylight.catalogue.ledger_rows import lock_writers
from daylight.catalogue.models import Camera, ClockOffset, Recording
from daylight.catalogue.queries.access import items_seen_by
from daylight.catalogue.queries.burnt_clocks import burnt_clocks
from daylight.catalogue.queries.cameras import camera_key, path_names
from daylight.domain.clocks import BILLION, HOUR
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.errors import UsageError
from daylight.ledger.leaf import Value
from daylight.services import clocks, heads, placing
from daylight.services.approvals import check_reason
from daylight.services.record import record
from daylight.services.workspace import Workspace

MAX_NAME: Final = 120
ORDERS: Final = ("dmy", "mdy", "ymd", "ydm")
MAX_DRIFT_PPB: Final = BILLION // 24
MAX_OFFSET_US: Final = 200 * 366 * 24 * HOUR  # a recorder without battery starts in 1970


@dataclass(frozen=True, slots=True)
class Named:
    """A camera as a person names it. Empty ``facility``: as it stands, or unknown."""

    camera: str
    facility: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """``entry``: in the ledger; ``items``: those that were placed by these words."""

    entry: int
    camera: str
    items: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """At burnt-in times from ``since`` to ``until`` (naive), ``offset_us`` is to be added.

    A clock that drifts: so it was at the burnt-in time ``at``, and it gains ``drift_ppb`` (microseconds
    in a thousand seconds), give or take ``drift_doubt_ppb``.
    """

    offset_us: int
    uncertainty_us: int
    zone: str = ""
    since: int | None = None
    until: int | None = None
    at: int | None = None
    drift_ppb: int = 0
    drift_doubt_ppb: int = 0


def place(
    ws: Workspace, principal: Principal, digests: Sequence[Digest], named: Named, reason: str
) -> Said:
    """Say of items which camera they are of; it is made where there is none of that name."""
    principal.require(Right.PLACE)
    check_reason(reason)
    _check_name(named)
    keys = _keys(principal, digests)
    with transaction.atomic():
        lock_writers()
        camera = _named(named)
        said = _confirm(ws, principal, camera, keys, reason)
    heads.keep(ws)
    placing.reckon(ws)
    return said


def accept(
    ws: Workspace,
    principal: Principal,
    proposed: str,
    reason: str,
    named: Named | None = None,
    *,
    by_paths: bool = False,
) -> Said:
    """Confirm every item that is proposed for a camera and that the principal sees.

    ``named``: and what it is called from now on. ``by_paths``: it takes the names of the folders that
    its items lay in; whoever says so must be allowed to see leaked names, since everybody sees these.
    """
    principal.require(Right.PLACE)
    check_reason(reason)
    key = camera_key(principal, proposed)
    if by_paths:
        principal.require(Right.SEE_LEAKED_PATHS)
        hint = path_names(principal, [key]).get(key)
        if hint is None:
            raise UsageError("no folder tells a name of this camera")
        named = Named(hint.camera, hint.facility)
    with transaction.atomic():
        lock_writers()
        camera = Camera.objects.get(pk=key)
        if named is not None and named.camera:
            _check_name(named)
            camera.name, camera.facility = named.camera, named.facility or camera.facility
        rows = Recording.objects.filter(
            camera=key, confirmed=False, item__in=items_seen_by(principal)
        )
        keys = dict(rows.values_list("item_id", "item__sha256"))
        if not keys and named is None:
            raise UsageError("nothing is proposed for this camera that is not confirmed already")
        _check_free(camera)
        said = _confirm(
            ws, principal, camera, {k: Digest(bytes(d)) for k, d in keys.items()}, reason
        )
    heads.keep(ws)
    placing.reckon(ws)
    return said


def correct(
    ws: Workspace, principal: Principal, camera: str, correction: Correction, reason: str
) -> int:
    """Enter how a camera's burnt-in clock stands to real time; the entry's index."""
    principal.require(Right.PLACE)
    check_reason(reason)
    _check_correction(correction)
    key = camera_key(principal, camera)
    with transaction.atomic():
        lock_writers()
        row = Camera.objects.get(pk=key)
        details: dict[str, Value] = {
            "camera": row.public_id,
            "offset_us": correction.offset_us,
            "uncertainty_us": correction.uncertainty_us,
            "zone": correction.zone,
            "since": "" if correction.since is None else str(correction.since),
            "until": "" if correction.until is None else str(correction.until),
            "at": "" if correction.at is None else str(correction.at),
            "drift_ppb": correction.drift_ppb,
            "drift_doubt_ppb": correction.drift_doubt_ppb,
            "reason": reason,
        }
        entry = record(ws, principal.agent, "clock-corrected", details=details).index
        ClockOffset.objects.create(
            camera=row,
            source="person",
            offset_us=correction.offset_us,
            uncertainty_us=correction.uncertainty_us,
            zone=correction.zone,
            since=correction.since,
            until=correction.until,
            at_us=correction.at,
            drift=correction.drift_ppb / BILLION,
            drift_doubt=correction.drift_doubt_ppb / BILLION,
            reason=reason,
            agent=principal.agent,
            entry=entry,
        )
        if correction.zone:
            Camera.objects.filter(pk=key).update(zone=correction.zone)
    heads.keep(ws)
    clocks.refresh(burnt_clocks())
    return entry


def read_dates(ws: Workspace, principal: Principal, camera: str, order: str, reason: str) -> int:
    """Enter in which order (``dmy``) a camera writes day, month and year; the entry's index."""
    principal.require(Right.PLACE)
    check_reason(reason)
    if order not in ORDERS:
        raise UsageError(f"dates are written in one of the orders {', '.join(ORDERS)}")
    key = camera_key(principal, camera)
    with transaction.atomic():
        lock_writers()
        row = Camera.objects.get(pk=key)
        details: dict[str, Value] = {"camera": row.public_id, "order": order, "reason": reason}
        entry = record(ws, principal.agent, "dates-ordered", details=details).index
        Camera.objects.filter(pk=key).update(dates=order)
    heads.keep(ws)
    clocks.refresh(burnt_clocks())
    return entry


def _keys(principal: Principal, digests: Sequence[Digest]) -> dict[int, Digest]:
    rows = items_seen_by(principal).filter(sha256__in=list(digests), media__kind="video")
    found = {key: Digest(bytes(digest)) for key, digest in rows.values_list("pk", "sha256")}
    if len(found) < len(set(digests)):
        raise UsageError("an item is no recording with pictures, or was not examined yet")
    return found


def _check_name(named: Named) -> None:
    for one in (named.camera, named.facility):
        if len(one) > MAX_NAME or not one.isprintable() or one != one.strip():
            raise UsageError(f"a name is one line of text, up to {MAX_NAME} characters")
    if not named.camera:
        raise UsageError("a camera needs a name")


def _named(named: Named) -> Camera:
    """The confirmed camera of that name, or a new one."""
    rows = Camera.objects.filter(confirmed=True, name=named.camera)
    if named.facility:
        rows = rows.filter(facility=named.facility)
    found = list(rows[:2])
    if len(found) > 1:
        raise UsageError("several cameras have this name: say which by --facility")
    if found:
        return found[0]
    last = Camera.objects.order_by("-number").values_list("number", flat=True).first() or 0
    return Camera(number=last + 1, name=named.camera, facility=named.facility)


def _check_free(camera: Camera) -> None:
    same = Camera.objects.filter(confirmed=True, name=camera.name, facility=camera.facility)
    if camera.name and same.exclude(pk=camera.pk).exists():
        raise UsageError("another camera has this name: place the items there with --camera")


def _confirm(
    ws: Workspace, principal: Principal, camera: Camera, keys: dict[int, Digest], reason: str
) -> Said:
    """Inside the transaction. The camera keeps the labels of what people put to it."""
    details: dict[str, Value] = {
        "camera": camera.public_id,
        "name": camera.name,
        "facility": camera.facility,
        "reason": reason,
    }
    objects = list(keys.values())
    entry = record(ws, principal.agent, "placed", objects=objects, details=details).index
    read = burnt_clocks()
    labels = {read[key].label_key for key in keys if key in read} - {""}
    camera.confirmed, camera.entry = True, entry
    camera.label_keys = sorted({*camera.label_keys, *labels})
    camera.save()
    _forget_elsewhere(camera, labels)
    Recording.objects.bulk_create([Recording(item_id=key) for key in keys], ignore_conflicts=True)
    Recording.objects.filter(item__in=keys).update(
        camera=camera, confirmed=True, confidence=1.0, basis={"person": 1.0}, entry=entry
    )
    return Said(entry, camera.public_id, tuple(objects))


def _forget_elsewhere(camera: Camera, labels: set[str]) -> None:
    """A label that was taken for another camera's is that camera's no more."""
    for row in Camera.objects.exclude(pk=camera.pk):
        kept = [one for one in row.label_keys if one not in labels]
        if kept != row.label_keys:
            Camera.objects.filter(pk=row.pk).update(label_keys=kept)


def _check_correction(one: Correction) -> None:
    if abs(one.offset_us) > MAX_OFFSET_US:
        raise UsageError("an offset of more than 200 years is none")
    if not 0 <= one.uncertainty_us <= MAX_OFFSET_US:
        raise UsageError("an uncertainty is a number of seconds, not negative")
    if abs(one.drift_ppb) > MAX_DRIFT_PPB or not 0 <= one.drift_doubt_ppb <= MAX_DRIFT_PPB:
        raise UsageError("a clock that gains or loses more than an hour a day is none")
    if one.at is None and (one.drift_ppb or one.drift_doubt_ppb):
        raise UsageError("a drift needs the burnt-in time at which the offset was so: --at")
    if one.zone and one.zone not in available_timezones():
        raise UsageError(f"there is no time zone {one.zone!r}; an example is Europe/Moscow")
    if one.since is not None and one.until is not None and one.since > one.until:
        raise UsageError("--from lies after --until")
