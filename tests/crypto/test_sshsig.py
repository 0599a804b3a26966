"""Signatures of OpenSSH: taken as `ssh-keygen` makes them, and nothing else is."""

import base64
import hashlib
import shutil
import subprocess
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from daylight.crypto import sshsig
from daylight.crypto.sshsig import parse, read_keys
from daylight.errors import WitnessRefused
from tests.conftest import missing

MESSAGE = b'{"schema": "signed-head/1"}\n'
KINDS = {
    "ed25519": ["-t", "ed25519"],
    "p256": ["-t", "ecdsa", "-b", "256"],
    "p384": ["-t", "ecdsa", "-b", "384"],
    "rsa": ["-t", "rsa", "-b", "2048"],
}


def string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def armored(blob: bytes) -> bytes:
    text = base64.b64encode(blob).decode()
    rows = "\n".join(text[start : start + 70] for start in range(0, len(text), 70))
    return f"{sshsig.BEGIN}\n{rows}\n{sshsig.END}\n".encode()


def signed(key: bytes, sign, namespace=b"daylight-head", hashed=b"sha512") -> bytes:
    """An SSHSIG made by hand; ``sign`` gives the inner signature over what is signed."""
    digest = hashlib.new(hashed.decode(), MESSAGE).digest()
    body = b"SSHSIG" + b"".join(map(string, (namespace, b"", hashed, digest)))
    parts = (key, namespace, b"", hashed, sign(body))
    return armored(b"SSHSIG" + (1).to_bytes(4, "big") + b"".join(map(string, parts)))


def blob(public) -> bytes:
    form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return base64.b64decode(public.public_bytes(*form).split()[1])


def run(*words, data=b""):
    return subprocess.run([*map(str, words)], input=data, capture_output=True, check=True)


@pytest.fixture(scope="module")
def keygen():
    found = shutil.which("ssh-keygen")
    if not found:
        missing("openssh", "ssh-keygen is not installed (Debian: apt-get install openssh-client)")
    return found


@pytest.fixture(scope="module")
def real(keygen, tmp_path_factory):
    """For each kind of key: its file, and its signature over the message."""
    folder, made = tmp_path_factory.mktemp("ssh"), {}
    for kind, words in KINDS.items():
        file = folder / kind
        run(keygen, "-q", *words, "-N", "", "-C", "partner", "-f", file)
        made[kind] = (file, sign(keygen, file))
    return made


def sign(keygen, file, *more, namespace="daylight-head", data=MESSAGE):
    return run(keygen, "-Y", "sign", "-n", namespace, "-f", file, *more, data=data).stdout


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hashed", ["sha256", "sha512"])
def test_what_ssh_keygen_signs_holds(keygen, real, kind, hashed):
    file, _ = real[kind]
    found = parse(sign(keygen, file, "-O", f"hashalg={hashed}"))
    assert (found.hash, found.namespace) == (hashed, "daylight-head")
    assert found.holds(MESSAGE)
    assert not found.holds(MESSAGE + b" ")
    assert not found.holds(b"")
    assert read_keys(file.with_suffix(".pub").read_bytes()) == [found.key]
    listed = run(keygen, "-l", "-f", file.with_suffix(".pub")).stdout.decode()
    assert found.key.fingerprint in listed.split()


@pytest.mark.parametrize("kind", KINDS)
def test_ssh_keygen_agrees_on_what_we_hold(keygen, real, kind, tmp_path):
    """The oracle the other way round: the allowed signers are made of our own line."""
    file, made = real[kind]
    (tmp_path / "sig").write_bytes(made)
    (tmp_path / "allowed").write_text(f"partner {parse(made).key.line}\n")
    words = ("-I", "partner", "-n", "daylight-head", "-s", tmp_path / "sig")
    run(keygen, "-Y", "verify", "-f", tmp_path / "allowed", *words, data=MESSAGE)


def test_another_namespace_is_told(keygen, real):
    found = parse(sign(keygen, real["ed25519"][0], namespace="file"))
    assert found.namespace == "file"
    assert not replace(found, namespace="daylight-head").holds(MESSAGE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_never_holds(real, kind):
    made = real[kind][1]
    raw = base64.b64decode("".join(made.decode().split("\n")[1:-2]))
    original = parse(made)

    @given(st.integers(0, len(raw) - 1), st.integers(0, 7))
    def flipped(place, bit):
        data = bytearray(raw)
        data[place] ^= 1 << bit
        try:
            found = parse(armored(bytes(data)))
        except WitnessRefused:
            return
        # Whatever still holds would have to be by another key; that is not the partner's.
        assert not (found.holds(MESSAGE) and found.key == original.key)

    flipped()


@given(st.data())
def test_a_changed_file_is_refused_or_does_not_hold(data):
    key = ed25519.Ed25519PrivateKey.from_private_bytes(b"\5" * 32)
    whole = signed(blob(key.public_key()), lambda b: string(b"ssh-ed25519") + string(key.sign(b)))
    assert parse(whole).holds(MESSAGE)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    changed = whole[:start] + data.draw(st.binary(max_size=30)) + whole[end:]
    try:
        found = parse(changed)
    except WitnessRefused:
        return
    assert not found.holds(MESSAGE) or found == parse(whole)


@given(st.binary(max_size=300))
def test_no_bytes_upset_the_parser(data):
    for one in (data, armored(data), armored(b"SSHSIG\0\0\0\1" + data)):
        with pytest.raises(WitnessRefused):
            parse(one)


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_upset_the_reader_of_keys(data):
    for one in (data, b"ssh-ed25519 " + data, b"ssh-rsa " + base64.b64encode(data)):
        with pytest.raises(WitnessRefused):
            read_keys(one)


def test_keys_are_found_in_each_kind_of_file():
    keys = [ed25519.Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
    lines = [sshsig.SshKey("ssh-ed25519", blob(key.public_key())).line for key in keys]
    pub = f"{lines[0]} anna@example.org\n".encode()
    allowed = (
        f"# partners\n\na@example.org {lines[0]}\n"
        f'b@example.org namespaces="daylight-head" {lines[1]} a comment\n'
    ).encode()
    assert [one.line for one in read_keys(pub)] == lines[:1]
    assert [one.line for one in read_keys(allowed)] == lines
    with pytest.raises(WitnessRefused):
        read_keys(f"#{lines[0]}".encode())
    with pytest.raises(WitnessRefused, match="not what it says"):
        read_keys(lines[0].replace("ssh-ed25519", "ssh-rsa").encode())


@pytest.mark.parametrize("bits", [1024, 2048])
def test_a_weak_rsa_key_is_refused(bits):
    key = rsa.generate_private_key(65537, bits)

    def inner(b):
        return string(b"rsa-sha2-512") + string(key.sign(b, padding.PKCS1v15(), hashes.SHA512()))

    made = signed(blob(key.public_key()), inner)
    if bits == 2048:
        assert parse(made).holds(MESSAGE)
        return
    with pytest.raises(WitnessRefused, match="2048"):
        parse(made)


@pytest.mark.parametrize("form", [b"ssh-rsa", b"rsa-sha1", b"ssh-ed25519", b""])
def test_an_rsa_signature_by_sha1_is_refused(form):
    key = rsa.generate_private_key(65537, 2048)

    def sha1(b):
        return string(form) + string(key.sign(b, padding.PKCS1v15(), hashes.SHA1()))

    with pytest.raises(WitnessRefused, match="kind"):
        parse(signed(blob(key.public_key()), sha1))


def test_a_key_of_a_kind_that_is_not_taken_is_refused():
    key = ec.generate_private_key(ec.SECP521R1()).public_key()
    with pytest.raises(WitnessRefused, match="not taken"):
        parse(signed(blob(key), lambda b: b""))
    # DSA: newer libraries make no such key; its beginning stands for it.
    old = string(b"ssh-dss") + string(b"1") * 4
    with pytest.raises(WitnessRefused, match="not taken"):
        parse(signed(old, lambda b: b""))


@pytest.mark.parametrize("hashed", [b"sha1", b"md5"])
def test_an_old_hash_is_refused(hashed):
    key = ed25519.Ed25519PrivateKey.generate()

    def inner(b):
        return string(b"ssh-ed25519") + string(key.sign(b))

    with pytest.raises(WitnessRefused):
        parse(signed(blob(key.public_key()), inner, hashed=hashed))


def token(key, body: bytes, flags: int, application=b"ssh:") -> bytes:
    """What a FIDO token answers (PROTOCOL.u2f)."""
    rest = bytes([flags]) + (7).to_bytes(4, "big")
    said = hashlib.sha256(application).digest() + rest + hashlib.sha256(body).digest()
    return string(b"sk-ssh-ed25519@openssh.com") + string(key.sign(said)) + rest


def security_key(key, application=b"ssh:") -> bytes:
    raw = key.public_key().public_bytes_raw()
    return b"".join(map(string, (b"sk-ssh-ed25519@openssh.com", raw, application)))


def test_a_security_key_signs_when_it_is_touched():
    key = ed25519.Ed25519PrivateKey.generate()
    public = security_key(key)
    assert parse(signed(public, lambda b: token(key, b, 1))).holds(MESSAGE)
    assert parse(signed(public, lambda b: token(key, b, 5))).holds(MESSAGE)
    assert not parse(signed(public, lambda b: token(key, b, 0))).holds(MESSAGE)
    assert not parse(signed(public, lambda b: token(key, b, 1, b"ssh:other"))).holds(MESSAGE)
    with pytest.raises(WitnessRefused):
        parse(signed(public, lambda b: token(key, b, 1)[:-1]))


def test_an_ecdsa_signature_of_nothing_does_not_hold():
    key = ec.generate_private_key(ec.SECP256R1())
    kind = b"ecdsa-sha2-nistp256"
    for value in (b"", string(b"\0") * 2, string(b"") * 2, string(b"\1" * 80) * 2, b"\xff" * 9):
        made = parse(signed(blob(key.public_key()), lambda b, v=value: string(kind) + string(v)))
        assert not made.holds(MESSAGE)

    def right(body):
        numbers = decode_dss_signature(key.sign(body, ec.ECDSA(hashes.SHA256())))
        return string(kind) + string(b"".join(string(n.to_bytes(33, "big")) for n in numbers))

    assert parse(signed(blob(key.public_key()), right)).holds(MESSAGE)
