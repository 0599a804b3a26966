"""The second factor: codes of RFC 6238 (TOTP, SHA-1, six digits, 30 seconds), and codes for a lost phone.

The secret lies sealed under the vault's key, bound to its user: whoever takes the catalogue alone
cannot make codes. Each code is good once; the one before and the one after are taken too, since
telephones go wrong by some seconds.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.db import transaction

from daylight.catalogue.cells import as_bytes
from daylight.catalogue.models import SecondFactor, Sitting, User
from daylight.crypto.sealed import seal, unseal
from daylight.domain.principal import Principal, Right
from daylight.errors import KeyDamaged, ReplicaDamaged, UsageError
from daylight.services.record import record
from daylight.services.workspace import Workspace

SECRET_BYTES = 20  # RFC 4226 recommends 160 bits
DIGITS = 6
STEP = 30  # seconds
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10  # 80 bits: a plain hash of it cannot be guessed
_CODE = re.compile(r"\d{6}", re.ASCII)


def begin(ws: Workspace, user: User) -> None:
    """Draw a secret; it counts for nothing before :func:`confirm`. ``UsageError`` where one counts."""
    with transaction.atomic():
        if SecondFactor.objects.filter(user=user).exclude(confirmed=None).exists():
            raise UsageError("there is a second factor already; remove it first")
        sealed = _seal(ws, user, os.urandom(SECRET_BYTES))
        SecondFactor.objects.update_or_create(user=user, defaults={"sealed": sealed})


def waiting_secret(ws: Workspace, user: User) -> str:
    """The secret that waits to be confirmed, in base32; nothing where there is none."""
    row = SecondFactor.objects.filter(user=user, confirmed=None).first()
    return "" if row is None else base64.b32encode(_opened(ws, row)).decode()


def address(secret: str, name: str, vault_id: str) -> str:
    """What the QR code says (the otpauth URI of Google Authenticator). It names no case, nobody's office."""
    label = f"Daylight-{vault_id[:4]}"
    return f"otpauth://totp/{label}:{name}?secret={secret}&issuer={label}&digits={DIGITS}&period={STEP}"


def confirm(ws: Workspace, user: User, code: str) -> list[str] | None:
    """With a first code the factor counts from now on: its recovery codes, shown once. None if wrong."""
    with transaction.atomic():
        row = _locked(user)
        if row is None or row.confirmed is not None or not _takes(ws, row, code):
            return None
        row.confirmed = ws.clock()
        codes = _renew(row)
        row.save()
    return codes


def check(ws: Workspace, user: User, code: str) -> bool:
    """Whether this code, or recovery code, is right now and was not used; then it is used."""
    with transaction.atomic():
        row = _locked(user)
        if row is None or row.confirmed is None:
            return False
        if not _takes(ws, row, code) and not _takes_recovery(row, code):
            return False
        row.save()
    return True


def new_codes(user: User) -> list[str]:
    """Other recovery codes; the earlier ones are void."""
    with transaction.atomic():
        row = _locked(user)
        if row is None or row.confirmed is None:
            raise UsageError("there is no second factor")
        codes = _renew(row)
        row.save()
    return codes


def codes_left(user: User) -> int:
    row = SecondFactor.objects.filter(user=user).first()
    return 0 if row is None else len(row.recovery)


def remove(user: User) -> None:
    """One's own, after a fresh sign-in: the caller has seen to that."""
    with transaction.atomic():
        SecondFactor.objects.filter(user=user).delete()


def reset(ws: Workspace, principal: Principal, username: str) -> None:
    """For a lost telephone: sessions end, the next sign-in is without a code. An entry says so."""
    principal.require(Right.MANAGE_USERS)
    with transaction.atomic():
        row = SecondFactor.objects.select_related("user").filter(user__username=username).first()
        if row is None:
            raise UsageError("this user has no second factor")
        if row.user.agent == principal.agent:
            raise UsageError("this is your own account; somebody else must do it, or the custodian")
        Sitting.objects.filter(user=row.user).delete()
        details = {"user": row.user.agent}
        row.delete()
        record(ws, principal.agent, "second-factor-reset", details=details)


def _locked(user: User) -> SecondFactor | None:
    """Its row, held: two requests with the same code must not both find it unused."""
    return SecondFactor.objects.select_for_update().filter(user=user).first()


def _takes(ws: Workspace, row: SecondFactor, code: str) -> bool:
    typed = code.replace(" ", "")
    if not _CODE.fullmatch(typed):
        return False
    totp = TOTP(_opened(ws, row), DIGITS, SHA1(), STEP, enforce_key_length=True)  # noqa: S303  # what authenticators know
    now = int(ws.clock().timestamp()) // STEP
    for step in (now - 1, now, now + 1):
        if step > row.last_step and hmac.compare_digest(totp.generate(step * STEP), typed.encode()):
            row.last_step = step
            return True
    return False


def _takes_recovery(row: SecondFactor, code: str) -> bool:
    hashed = _hash(code)
    if hashed not in row.recovery:
        return False
    row.recovery = [one for one in row.recovery if one != hashed]
    return True


def _renew(row: SecondFactor) -> list[str]:
    codes = [_spelt(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    row.recovery = [_hash(one) for one in codes]
    return codes


def _spelt(drawn: bytes) -> str:
    text = base64.b32encode(drawn).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _hash(code: str) -> str:
    plain = re.sub(r"[\s-]", "", code).lower()
    return hashlib.sha256(b"recovery\0" + plain.encode("utf-8", "surrogatepass")).hexdigest()


def _seal(ws: Workspace, user: User, secret: bytes) -> bytes:
    return b"".join(seal([secret], ws.keyring.storage_key, _bound(user)))


def _opened(ws: Workspace, row: SecondFactor) -> bytes:
    sealed = as_bytes(row.sealed) or b""
    try:
        return b"".join(unseal([sealed], ws.keyring.storage_key, _bound(row.user)))
    except ReplicaDamaged as error:
        raise KeyDamaged("a second factor does not open under the vault's key") from error


def _bound(user: User) -> str:
    return f"second-factor/{user.agent}"
