"""Seals as strangers would forge them: what does not hold in one point does not hold."""

import dataclasses
import datetime as dt
import functools
import subprocess

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from daylight.errors import InputRefused, SealRefused
from daylight.ledger import der
from daylight.ledger.seal import (
    MAX_ANSWER,
    Trust,
    Window,
    imprint_of,
    request_for,
    to_pem,
    trust_of,
    verify_answer,
    verify_token,
)
from tests.authority import (
    DAY,
    NOW,
    OPENSSL,
    POLICY,
    STAMPING,
    Chain,
    Stamper,
    answer,
    certify,
    stated,
)
from tests.conftest import missing

BODY = b'{"schema":"head/1"}'
WINDOW = Window(NOW - DAY, NOW + DAY)
CHAIN = Chain()
TRUST = Trust((CHAIN.root.certificate,))
REQUEST = request_for(BODY)
WHOLE = [CHAIN.middle, CHAIN.stamper]


def made(signer=CHAIN.stamper, certificates=None, *, when=NOW, imprint=None, nonce=None, **options):
    content = stated(imprint or REQUEST.imprint, REQUEST.nonce if nonce is None else nonce, when)
    held = [CHAIN.middle, signer] if certificates is None else certificates
    return answer(signer, content, held, **options)


def refused(data, *, trust=TRUST, window=WINDOW) -> str:
    with pytest.raises(SealRefused) as caught:
        verify_answer(data, REQUEST, trust, window)
    assert caught.value.check in str(caught.value)
    return caught.value.check


@pytest.fixture(scope="module")
def stamper(tmp_path_factory):
    if OPENSSL is None:
        missing("openssl", "there is no openssl to play the authority")
    return Stamper(tmp_path_factory.mktemp("tsa"), CHAIN)


def test_a_request_is_the_one_that_openssl_makes(tmp_path):
    """Nobody must learn from its form who asks."""
    if OPENSSL is None:
        missing("openssl", "there is no openssl to compare with")
    (tmp_path / "head").write_bytes(BODY)
    words = [OPENSSL, "ts", "-query", "-data", tmp_path / "head", "-sha256", "-cert"]
    theirs = subprocess.run(words, check=True, capture_output=True).stdout

    def form(data):
        parts = [one.whole for one in der.parse(data).parts()]
        return parts[:2] + parts[3:]  # without the nonce

    assert form(theirs) == form(REQUEST.der)
    assert REQUEST.imprint == imprint_of(BODY)


def test_every_request_has_a_nonce_of_its_own():
    nonces = {request_for(BODY).nonce for _ in range(50)}
    assert len(nonces) == 50
    assert max(nonces).bit_length() > 56


def test_what_openssl_stamps_holds(stamper):
    data = stamper(REQUEST.der)
    token = verify_answer(data, REQUEST, TRUST, WINDOW)
    assert token.der == data
    assert token.imprint == REQUEST.imprint
    assert (token.policy, token.accuracy) == (POLICY, dt.timedelta(seconds=1))
    assert token.signer == "CN=Time stamps"
    assert token.gen_time.utcoffset() == dt.timedelta(0)
    assert verify_token(data, REQUEST.imprint, TRUST, WINDOW) == token


def test_openssl_verifies_what_is_kept(stamper):
    """A stranger needs the file, the head and the root."""
    data = stamper(REQUEST.der)
    (stamper.folder / "kept.tsr").write_bytes(data)
    (stamper.folder / "head").write_bytes(BODY)
    words = "ts -verify -in kept.tsr -data head -CAfile root.pem -untrusted chain.pem"
    assert b"Verification: OK" in stamper.openssl(*words.split())


def test_a_token_put_together_here_holds():
    assert verify_answer(made(), REQUEST, TRUST, WINDOW).serial == 4711


def test_the_intermediate_may_come_from_us():
    trust = Trust(TRUST.roots, (CHAIN.middle.certificate,))
    assert verify_answer(made(certificates=[CHAIN.stamper]), REQUEST, trust, WINDOW)
    assert refused(made(certificates=[CHAIN.stamper])) == "chain"


@pytest.mark.parametrize("known", [(), (CHAIN.middle.certificate, CHAIN.stamper.certificate)])
def test_an_answer_without_the_signers_certificate_is_refused(known):
    """It was asked for, and whoever is handed the token needs it."""
    trust = Trust(TRUST.roots, known)
    assert refused(made(certificates=[CHAIN.middle]), trust=trust) == "signer"
    assert refused(made(certificates=[]), trust=trust) == "signer"


def test_the_order_of_certificates_does_not_matter():
    for order in (True, False):
        assert verify_answer(made(in_order=order), REQUEST, TRUST, WINDOW)


def test_an_answer_to_another_request_is_refused():
    assert refused(made(nonce=REQUEST.nonce ^ 1)) == "nonce"


def test_a_token_for_another_head_is_refused():
    assert refused(made(imprint=imprint_of(b"another"))) == "imprint"


@pytest.mark.parametrize(
    ("options", "check"),
    [
        ({"usage": None}, "usage"),
        ({"critical": False}, "usage"),
        ({"usage": [*STAMPING, ExtendedKeyUsageOID.CODE_SIGNING]}, "usage"),
        ({"usage": [ExtendedKeyUsageOID.SERVER_AUTH]}, "usage"),
        ({"usage": [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]}, "usage"),
        ({"until": NOW - DAY}, "expired"),
        ({"since": NOW + DAY}, "expired"),
    ],
)
def test_a_certificate_that_may_not_stamp_now_is_refused(options, check):
    assert refused(made(CHAIN.issue(**options))) == check


def test_what_was_valid_at_the_time_stated_holds_for_ever():
    then = NOW - 10 * 365 * DAY
    span = {"since": then - DAY, "until": then + DAY}
    root = certify("Old root", None, ca=True, **span)
    chain = Chain(root, certify("Old middle", root, ca=True, **span))
    old = chain.issue(**span)
    data = made(old, [chain.middle, old], when=then)
    token = verify_answer(data, REQUEST, Trust((root.certificate,)), Window(then, NOW))
    assert token.gen_time == then
    assert refused(data, trust=Trust((root.certificate,)), window=Window(NOW, NOW)) == "time"


def test_an_intermediate_that_had_expired_at_the_time_stated_is_refused():
    middle = certify("Old middle", CHAIN.root, ca=True, until=NOW - DAY)
    chain = Chain(CHAIN.root, middle)
    assert refused(made(chain.stamper, [middle, chain.stamper])) == "chain"


def test_another_root_is_refused():
    other = Chain()
    assert refused(made(), trust=Trust((other.root.certificate,))) == "chain"
    assert refused(made(other.stamper, [other.middle, other.stamper])) == "chain"
    whole = [other.root, other.middle, other.stamper]
    assert refused(made(other.stamper, whole)) == "chain"


def test_who_vouches_for_himself_is_refused():
    alone = certify("Time stamps", None, usage=STAMPING)
    assert refused(made(alone, [alone])) == "chain"
    assert refused(made(alone, [alone, *WHOLE])) == "chain"
    ca = certify("Time stamps", None, usage=STAMPING, ca=True)
    assert refused(made(ca, [ca])) == "chain"


def test_an_intermediate_of_ours_is_no_root():
    other = Chain()
    trust = Trust(TRUST.roots, (other.middle.certificate,))
    assert refused(made(other.stamper, [other.stamper]), trust=trust) == "chain"


def test_whoever_is_no_authority_certifies_nobody():
    fake = certify("Time stamps", CHAIN.stamper, usage=STAMPING)
    assert refused(made(fake, [CHAIN.middle, CHAIN.stamper, fake])) == "chain"


@pytest.mark.parametrize("in_order", [True, False])
def test_an_injected_certificate_does_not_stand_in_for_the_signers(in_order):
    """GHSA-3xxc-pwj6-jgrj: any certificate under the root signs, one that may stamp lies beside."""
    plain = CHAIN.issue(usage=None)
    for certificates in (
        [plain, CHAIN.middle, CHAIN.stamper],
        [CHAIN.stamper, CHAIN.middle, plain],
    ):
        assert refused(made(plain, certificates, in_order=in_order)) == "usage"
        named = CHAIN.stamper.der
        assert refused(made(plain, certificates, in_order=in_order, named=named)) == "signer"
        both = {"named": named, "identity": CHAIN.stamper}
        assert refused(made(plain, certificates, in_order=in_order, **both)) == "chain"


def test_a_twin_with_its_issuer_written_otherwise_is_refused():
    """OpenSSL takes the two names for one."""
    plain = CHAIN.issue(usage=None)
    loud = certify("INTERMEDIATE", CHAIN.root, ca=True)
    fake = certify("Time stamps", dataclasses.replace(loud, key=plain.key), usage=STAMPING,
                   serial=plain.certificate.serial_number)  # fmt: skip
    for in_order in (True, False):
        certificates = [plain, fake, CHAIN.middle, loud]
        data = made(plain, certificates, named=fake.der, identity=fake, in_order=in_order)
        assert refused(data) in {"signer", "chain"}


@pytest.mark.parametrize("named", ["plain", "fake"])
@pytest.mark.parametrize("in_order", [True, False])
def test_a_twin_of_the_signers_certificate_is_refused(in_order, named):
    """The same issuer and serial number, with the purpose that the real one lacks."""
    plain = CHAIN.issue(usage=None)
    serial = plain.certificate.serial_number
    fake = certify("Time stamps", dataclasses.replace(CHAIN.middle, key=plain.key), usage=STAMPING,
                   serial=serial)  # fmt: skip
    which = {"plain": plain, "fake": fake}[named]
    data = made(plain, [plain, fake, CHAIN.middle], in_order=in_order, named=which.der)
    assert refused(data) == "signer"
    assert refused(made(plain, [fake, CHAIN.middle], named=fake.der)) == "chain"


def test_an_extra_certificate_does_no_harm():
    extra = certify("Bystander", None, ca=True, usage=STAMPING)
    assert verify_answer(made(certificates=[*WHOLE, extra]), REQUEST, TRUST, WINDOW)


def test_a_signer_that_names_no_certificate_is_refused():
    assert refused(made(attributes=[])) == "form"


@pytest.mark.parametrize("when", [NOW + 2 * DAY, NOW - 2 * DAY])
def test_an_impossible_time_is_refused(when):
    assert refused(made(when=when)) == "time"


def test_clocks_may_differ_by_minutes():
    near = Window(NOW, NOW)
    for minutes in (-4, 4):
        assert verify_answer(made(when=NOW + dt.timedelta(minutes=minutes)), REQUEST, TRUST, near)
    for minutes in (-6, 6):
        assert refused(made(when=NOW + dt.timedelta(minutes=minutes)), window=near) == "time"


def test_a_policy_that_was_asked_for_must_be_there():
    assert verify_answer(made(), REQUEST, dataclasses.replace(TRUST, policy=POLICY), WINDOW)
    assert refused(made(), trust=dataclasses.replace(TRUST, policy="1.2.3.4")) == "policy"


@pytest.mark.parametrize("status", [1, 2, 3, 4, 5])
def test_a_rejection_is_refused(status):
    bare = der.encode(der.SEQUENCE, [der.encode(der.SEQUENCE, [bytes([2, 1, status])])])
    assert refused(bare) == "status"
    first, token = der.parse(made()).parts()
    with_token = der.encode(der.SEQUENCE, [der.parse(bare).content, token.whole])
    assert first.whole != der.parse(bare).content
    assert refused(with_token) == "status"


def test_granted_without_a_token_is_refused():
    assert refused(bytes.fromhex("30053003020100")) == "form"


def test_an_endless_answer_is_refused():
    assert refused(made() + bytes(MAX_ANSWER)) == "form"


@functools.cache
def sample() -> bytes:
    return made()


@settings(max_examples=300)
@given(st.data())
def test_a_truncated_answer_never_holds(data):
    end = data.draw(st.integers(0, len(sample()) - 1))
    refused(sample()[:end])


@settings(max_examples=1000)
@given(st.data())
def test_a_changed_byte_never_changes_what_is_believed(data):
    """What lies outside the signature (a certificate's copy, a version) may be changed; then the
    token says the same as before."""
    changed = bytearray(sample())
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        token = verify_answer(bytes(changed), REQUEST, TRUST, WINDOW)
    except SealRefused:
        return
    honest = verify_answer(sample(), REQUEST, TRUST, WINDOW)
    assert dataclasses.replace(token, der=b"") == dataclasses.replace(honest, der=b"")


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_noise_never_holds(data):
    refused(data)


@pytest.mark.parametrize("data", [b"", b"no pem", CHAIN.middle.pem, b"\xff" * 100])
def test_a_file_without_a_root_is_refused(data):
    with pytest.raises(InputRefused):
        trust_of(data)


def test_a_root_in_der_becomes_pem():
    assert to_pem(CHAIN.root.der) == CHAIN.root.pem
    assert to_pem(CHAIN.root.pem) == CHAIN.root.pem
    assert to_pem(b"anything") == b"anything"


def test_roots_and_intermediates_are_told_apart():
    trust = trust_of(CHAIN.middle.pem + CHAIN.root.pem, POLICY)
    assert trust == Trust((CHAIN.root.certificate,), (CHAIN.middle.certificate,), POLICY)
    with pytest.raises(InputRefused):
        trust_of(CHAIN.root.pem, "not an oid")
