"""The second factor: what is taken once, what never; and that the catalogue alone gives nothing."""

import base64
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from daylight.catalogue.models import Entry, SecondFactor, Sitting, User
from daylight.catalogue.queries.people import has_second_factor
from daylight.catalogue.queries.vault import custodian_here
from daylight.crypto.vault_keys import new_keys
from daylight.errors import Forbidden, KeyDamaged, UsageError
from daylight.services import second_factor, sittings

START = datetime(2026, 11, 26, 12, 0, 10, tzinfo=UTC)


class Phone:
    """A vault whose clock stands where it is put, one of its users, and their telephone."""

    def __init__(self, ws, name="ann"):
        self.now = START
        self.ws = dataclasses.replace(ws, clock=lambda: self.now)
        self.user = User.objects.create(username=name, created=START)
        second_factor.begin(self.ws, self.user)
        self.secret = base64.b32decode(second_factor.waiting_secret(self.ws, self.user))

    def code(self, steps: int = 0) -> str:
        at = int(self.now.timestamp()) + 30 * steps
        return TOTP(self.secret, 6, SHA1(), 30).generate(at).decode()

    def confirmed(self) -> list[str]:
        codes = second_factor.confirm(self.ws, self.user, self.code())
        self.now += timedelta(seconds=60)
        return codes

    def takes(self, code: str) -> bool:
        return second_factor.check(self.ws, self.user, code)


@pytest.fixture
def phone(ws):
    return Phone(ws)


def test_it_counts_only_once_a_first_code_was_shown(phone):
    assert not has_second_factor(phone.user)
    assert not phone.takes(phone.code())
    assert second_factor.confirm(phone.ws, phone.user, "000000") is None
    codes = second_factor.confirm(phone.ws, phone.user, phone.code())
    assert has_second_factor(phone.user)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert second_factor.waiting_secret(phone.ws, phone.user) == ""
    assert second_factor.confirm(phone.ws, phone.user, phone.code(1)) is None
    with pytest.raises(UsageError):
        second_factor.begin(phone.ws, phone.user)


def test_the_codes_are_those_of_rfc_6238(phone):
    """Its test vector for SHA-1 at 59 seconds, cut to six digits."""
    secret = b"12345678901234567890"
    sealed = second_factor._seal(phone.ws, phone.user, secret)
    SecondFactor.objects.update(sealed=sealed, confirmed=START)
    phone.now = datetime.fromtimestamp(59, tz=UTC)
    assert phone.takes("287082")


def test_a_code_is_good_once(phone):
    phone.confirmed()
    code = phone.code()
    assert phone.takes(code)
    assert not phone.takes(code)
    phone.now += timedelta(seconds=30)
    assert not phone.takes(code)  # its window is open still
    assert phone.takes(phone.code())


def test_the_code_that_confirmed_is_used_up(phone):
    code = phone.code()
    assert second_factor.confirm(phone.ws, phone.user, code)
    assert not phone.takes(code)


def test_after_a_newer_code_no_older_one_is_taken(phone):
    phone.confirmed()
    older, newer = phone.code(0), phone.code(1)
    assert phone.takes(newer)
    assert not phone.takes(older)


@pytest.mark.parametrize(
    ("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_telephone_may_be_half_a_minute_wrong(phone, steps, good):
    phone.confirmed()
    phone.now += timedelta(minutes=5)
    assert phone.takes(phone.code(steps)) is good


@pytest.mark.parametrize(
    "code", ["", " ", "12345", "1234567", "abcdef", "１２３４５６", "\0", "\ud800"]
)
def test_what_is_no_code_is_none(phone, code):
    phone.confirmed()
    assert not phone.takes(code)


def test_a_recovery_code_is_good_once_however_it_is_typed(phone):
    first, second, *_ = phone.confirmed()
    assert phone.takes(first.upper().replace("-", " "))
    assert not phone.takes(first)
    assert second_factor.codes_left(phone.user) == second_factor.RECOVERY_CODES - 1
    fresh = second_factor.new_codes(phone.user)
    assert not phone.takes(second)
    assert phone.takes(fresh[0])


def test_the_catalogue_alone_gives_neither_secret_nor_codes(phone):
    codes = phone.confirmed()
    row = SecondFactor.objects.get()
    kept = bytes(row.sealed) + str(row.recovery).encode()
    assert phone.secret not in kept
    assert not any(
        code.encode() in kept or code.replace("-", "").encode() in kept for code in codes
    )
    other = dataclasses.replace(phone.ws)
    other.keyring.take(new_keys())
    with pytest.raises(KeyDamaged):
        second_factor.check(other, phone.user, phone.code())


def test_one_persons_secret_does_not_open_as_anothers(phone):
    phone.confirmed()
    bob = User.objects.create(username="bob", created=START)
    row = SecondFactor.objects.get()
    SecondFactor.objects.create(user=bob, sealed=row.sealed, confirmed=START)
    with pytest.raises(KeyDamaged):
        second_factor.check(phone.ws, bob, phone.code())


def test_a_reset_is_entered_and_ends_sessions(phone):
    phone.confirmed()
    sittings.begin(phone.ws, phone.user, "")
    second_factor.reset(phone.ws, custodian_here(), "ann")
    assert not has_second_factor(phone.user)
    assert not Sitting.objects.exists()
    leaf = bytes(Entry.objects.order_by("-index")[0].leaf)
    assert b"second-factor-reset" in leaf
    with pytest.raises(UsageError):
        second_factor.reset(phone.ws, custodian_here(), "ann")
    with pytest.raises(Forbidden):
        nobody = dataclasses.replace(custodian_here(), rights=frozenset())
        second_factor.reset(phone.ws, nobody, "ann")
