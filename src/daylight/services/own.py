"""A person's key pair and own part: exposure, budget, what they do not want today.

The secret half lies under their password and is opened when they sign in with it; then it is in the
memory of the server until that session ends, and nowhere else. Who comes in by a link alone has none.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Final

from django.db import transaction

from daylight.catalogue.models import OwnKey, OwnPart, OwnPending, User
from daylight.crypto.boxes import new_pair, seal, unseal
from daylight.crypto.locked import lock, unlock
from daylight.domain.exposure import Own, added, decode, encode
from daylight.errors import KeyDamaged, KeyWrong
from daylight.services.workspace import Workspace

SIZE: Final = 16384  # bytes of an own part, whatever it says
PENDING: Final = 256


def opened(ws: Workspace, agent: str, password: str) -> str:
    """The secret half, made where there is none yet. Where the password was replaced by one that does not
    open it, a new pair begins: what was there before opens with the audit key alone.
    """
    row = OwnKey.objects.filter(user__agent=agent).first()
    if row is None:
        return _made(ws, agent, password)
    try:
        secret = unlock(row.locked, password, _bound(row.public)).decode()
    except (KeyWrong, KeyDamaged):
        return _made(ws, agent, password)
    _take_in(agent, secret)
    return secret


def relocked(agent: str, secret: str, password: str) -> None:
    """The same pair under a new password."""
    row = OwnKey.objects.filter(user__agent=agent).first()
    if row is not None:
        locked = lock(secret.encode(), password, _bound(row.public))
        with transaction.atomic():
            OwnKey.objects.filter(user__agent=agent, public=row.public).update(locked=locked)


def _made(ws: Workspace, agent: str, password: str) -> str:
    secret, public = new_pair()
    locked = lock(secret.encode(), password, _bound(public))
    with transaction.atomic():
        user = User.objects.get(agent=agent)
        OwnPart.objects.filter(user=user).delete()
        OwnPending.objects.filter(user=user).delete()
        values = {"public": public, "locked": locked, "created": ws.clock()}
        OwnKey.objects.update_or_create(user=user, defaults=values)
    return secret


def has_key(agent: str) -> bool:
    return OwnKey.objects.filter(user__agent=agent).exists()


def part(agent: str, secret: str) -> Own:
    """One's own part, as it is now."""
    row = OwnPart.objects.filter(user__agent=agent).first()
    return Own() if row is None else _read(bytes(row.sealed), secret)


def keep(agent: str, own: Own) -> None:
    """Choices and counts; the caller read it in the same transaction, or wrote all of it."""
    key = OwnKey.objects.get(user__agent=agent)
    sealed = seal(encode(own), [key.public], SIZE)
    OwnPart.objects.update_or_create(user_id=key.pk, defaults={"sealed": sealed})


def choose(agent: str, secret: str, wanted: Own) -> None:
    """Take budget, pause and the wish for today over from ``wanted``; what was counted stays."""
    with transaction.atomic():
        now = part(agent, secret)
        keep(agent, replace(wanted, days=now.days))


def count(agent: str, secret: str | None, day: date, watched: Iterable[tuple[str, int]]) -> None:
    """Add what was watched unshielded: to the part where its key is open, else to what waits for it.

    Whoever has no key is not counted. The caller owns the transaction.
    """
    key = OwnKey.objects.filter(user__agent=agent).first()
    if key is None:
        return
    if secret is not None:
        keep(agent, added(part(agent, secret), day, watched))
        return
    own = added(Own(), day, watched)
    OwnPending.objects.create(user_id=key.pk, sealed=seal(encode(own), [key.public], PENDING))


def _take_in(agent: str, secret: str) -> None:
    """What was counted while nobody could write to the part."""
    with transaction.atomic():
        waiting = list(OwnPending.objects.filter(user__agent=agent).order_by("pk"))
        if not waiting:
            return
        own = part(agent, secret)
        for row in waiting:
            for day, spent in _read(bytes(row.sealed), secret).days.items():
                own = added(own, day, spent.items())
        keep(agent, own)
        OwnPending.objects.filter(pk__in=[row.pk for row in waiting]).delete()


def _read(sealed: bytes, secret: str) -> Own:
    said = unseal(sealed, [secret])
    return Own() if said is None else decode(said)


def _bound(public: str) -> bytes:
    return b"own-key/1" + public.encode()
