"""Personal keys: what a person signs with, under a passphrase that nobody else knows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from daylight.catalogue.models import PersonalKey, User
from daylight.catalogue.queries.people import principal_of
from daylight.crypto.locked import lock, unlock
from daylight.crypto.signing import SigningKey, new_seed
from daylight.domain.principal import Principal, Right
from daylight.errors import ApprovalRefused, KeyDamaged, UsageError
from daylight.ledger.approval import Signature, possession
from daylight.services.record import record
from daylight.services.workspace import Workspace

MIN_PASSPHRASE = 8  # characters


@dataclass(frozen=True, slots=True)
class Signer:
    """A person who may approve. ``user``: the row's key, ``key``: the public half."""

    user: int
    name: str
    agent: str
    key: bytes
    _locked: Mapping[str, Any] = field(repr=False)

    def sign(self, passphrase: str, body: bytes) -> Signature:
        """``KeyLocked`` without a passphrase, ``KeyWrong``, ``KeyDamaged``."""
        opened = SigningKey.from_seed(unlock(self._locked, passphrase, _bound(self.key)))
        if opened.public != self.key:
            raise KeyDamaged("the personal key's halves do not belong together")
        return Signature(self.agent, self.key, opened.sign(body))


def add(ws: Workspace, principal: Principal, username: str, passphrase: str) -> bytes:
    """Make a person's key; its public half. ``UsageError`` while another one is in use."""
    principal.require(Right.MANAGE_USERS)
    if len(passphrase) < MIN_PASSPHRASE:
        raise UsageError(
            f"a personal key needs a passphrase of {MIN_PASSPHRASE} characters or more"
        )
    seed = new_seed()
    key = SigningKey.from_seed(seed)
    locked = lock(seed, passphrase, _bound(key.public))
    with transaction.atomic():
        user = _active(username)
        if PersonalKey.objects.filter(user=user, retired=None).exists():
            raise UsageError("this user has a personal key; retire it first")
        PersonalKey.objects.create(user=user, public=key.public, locked=locked, created=ws.clock())
        proof = key.sign(possession(ws.layout.vault_id, user.agent, key.public))
        details = {"user": user.agent, "public": key.public.hex(), "signature": proof.hex()}
        record(ws, principal.agent, "key-added", details=details)
    return key.public


def retire(ws: Workspace, principal: Principal, username: str) -> bytes:
    """What it signed stays good; it signs nothing more. Its public half."""
    principal.require(Right.MANAGE_USERS)
    with transaction.atomic():
        row = PersonalKey.objects.filter(user__username=username, retired=None).first()
        if row is None:
            raise UsageError("this user has no personal key that is in use")
        row.retired, row.locked = ws.clock(), {}
        row.save(update_fields=["retired", "locked"])
        details = {"user": row.user.agent, "public": bytes(row.public).hex()}
        record(ws, principal.agent, "key-retired", details=details)
    return bytes(row.public)


def signer(username: str) -> Signer:
    """Who signs under this name now. ``ApprovalRefused`` for whoever may not, or cannot."""
    user = User.objects.filter(username=username).first()
    if user is None or not user.is_active:
        raise ApprovalRefused("there is no active user of this name")
    if not principal_of(user).may(Right.APPROVE):
        raise ApprovalRefused("the roles of this user do not let them approve")
    row = PersonalKey.objects.filter(user=user, retired=None).first()
    if row is None:
        raise ApprovalRefused("this user has no personal key")
    return Signer(user.pk, user.username, user.agent, bytes(row.public), row.locked)


def stands(user: User, public: bytes) -> bool:
    """Whether what a person signed earlier with this key would still be taken from them now."""
    return (
        user.is_active
        and principal_of(user).may(Right.APPROVE)
        and PersonalKey.objects.filter(user=user, public=public, retired=None).exists()
    )


def _active(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None or not user.is_active:
        raise UsageError("there is no active user of this name")
    return user


def _bound(public: bytes) -> bytes:
    return b"personal-key/1" + public
