"""Guessing is slowed down: by name and by address, twice as long after each further failure.

An attempt counts before it is made, so that guesses made side by side count too; a whole sign-in
forgets those of its name. Names that do not exist count like those that do. Kept are keyed hashes,
not names and not addresses, for a day. Loopback is nobody's address: everybody who comes through an
onion service or a tunnel has it.
"""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from daylight.catalogue.models import LockOut
from daylight.domain.principal import Principal, Right
from daylight.services.workspace import Workspace

FREE_BY_NAME = 5  # attempts before anybody waits
FREE_BY_ADDRESS = 30
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
FORGOTTEN = timedelta(days=1)
_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class _Counted:
    key: str
    free: int


def attempt(ws: Workspace, name: str, address: str) -> timedelta:
    """Count an attempt; how long to wait still, zero where it may be made now."""
    now, counted = ws.clock(), _counted(ws, name, address)
    with transaction.atomic():
        LockOut.objects.filter(last__lte=now - FORGOTTEN).delete()
        keys = [one.key for one in counted]
        rows = {row.key: row for row in LockOut.objects.select_for_update().filter(key__in=keys)}
        wait = max((row.until - now for row in rows.values()), default=timedelta())
        if wait > timedelta():
            return wait
        for one in counted:
            _count(one, rows.get(one.key), now)
    return timedelta()


def _count(one: _Counted, row: LockOut | None, now: datetime) -> None:
    failures = 1 if row is None else row.failures + 1
    values = {"failures": failures, "last": now, "until": now + _wait(failures, one.free)}
    LockOut.objects.update_or_create(key=one.key, defaults=values)


def _wait(failures: int, free: int) -> timedelta:
    if failures < free:
        return timedelta()
    doubled: int = 2 ** min(failures - free, _DOUBLINGS)
    return min(LONGEST_WAIT, FIRST_WAIT * doubled)


def succeeded(ws: Workspace, name: str) -> None:
    """Somebody came in under this name, by all that was asked for. Their address stays counted."""
    with transaction.atomic():
        LockOut.objects.filter(key=_key(ws, "name", name)).delete()


def locked_until(ws: Workspace, names: list[str]) -> dict[str, datetime]:
    """Those of ``names`` who must wait, and until when."""
    keys = {_key(ws, "name", name): name for name in names}
    rows = LockOut.objects.filter(key__in=keys, until__gt=ws.clock())
    return {keys[row.key]: row.until for row in rows}


def unlock(ws: Workspace, principal: Principal, name: str) -> bool:
    """Let a name try again at once; whether it had to wait."""
    principal.require(Right.MANAGE_USERS)
    waiting = name in locked_until(ws, [name])
    succeeded(ws, name)
    return waiting


def _counted(ws: Workspace, name: str, address: str) -> list[_Counted]:
    found = [_Counted(_key(ws, "name", name), FREE_BY_NAME)]
    if not _is_nobodys(address):
        found.append(_Counted(_key(ws, "address", address), FREE_BY_ADDRESS))
    return found


def _is_nobodys(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return True  # a socket of this machine


def _key(ws: Workspace, kind: str, text: str) -> str:
    secret = ws.layout.web_secret().encode()
    said = f"{kind}\0{text}".encode("utf-8", "surrogatepass")
    return hmac.new(secret, b"lock-out\0" + said, hashlib.sha256).hexdigest()
