"""Signatures that OpenSSH makes over files (``ssh-keygen -Y sign``): parsed and verified.

Source: PROTOCOL.sshsig and PROTOCOL.u2f of OpenSSH, RFC 4253 section 6.6, RFC 5656, RFC 8332,
RFC 8709. A partner needs no Daylight to countersign a head, only what every system has.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from daylight.errors import WitnessRefused

MAGIC, VERSION = b"SSHSIG", 1
MAX_FILE = 1 << 16  # bytes that are read of a key's or a signature's file
MIN_RSA = 2048  # bits
BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_ARMOR = re.compile(rf"\s*{BEGIN}\s*\n([A-Za-z0-9+/=\s]+){END}\s*")
_HASHES = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
_ED25519, _SK_ED25519, _RSA = "ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ssh-rsa"
_CURVES = {
    "ecdsa-sha2-nistp256": (SHA256(), 256),
    "ecdsa-sha2-nistp384": (SHA384(), 384),
}
_RSA_HASHES = {"rsa-sha2-256": SHA256(), "rsa-sha2-512": SHA512()}
KINDS = (_ED25519, _SK_ED25519, _RSA, *_CURVES)
_PRESENT = 1  # flag of a security key: somebody touched it


@dataclass(frozen=True, slots=True)
class SshKey:
    """``blob``: the public key as RFC 4253 section 6.6 writes it."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -l`` prints it: ``SHA256:…``."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    @property
    def line(self) -> str:
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"


@dataclass(frozen=True, slots=True)
class SshSignature:
    """``form`` and ``value``: the signature's algorithm and bytes; ``rest`` follows with a token."""

    key: SshKey
    namespace: str
    reserved: bytes
    hash: str
    form: str
    value: bytes
    rest: bytes

    def holds(self, message: bytes) -> bool:
        """Whether the key signed ``message``, under the namespace that the signature names."""
        digest = _HASHES[self.hash](message).digest()
        parts = (self.namespace.encode(), self.reserved, self.hash.encode(), digest)
        signed = MAGIC + b"".join(_string(part) for part in parts)
        try:
            _verify(self, signed)
        except InvalidSignature:
            return False
        return True


def parse(armored: bytes) -> SshSignature:
    """``WitnessRefused`` for what is no signature of OpenSSH, or of a kind not taken here."""
    try:
        signature = _read(_bared(armored))
    except (ValueError, binascii.Error) as error:
        raise WitnessRefused("the file is no signature that `ssh-keygen -Y sign` made") from error
    _check_form(signature)
    return signature


def _bared(armored: bytes) -> bytes:
    found = _ARMOR.fullmatch(armored.decode("ascii"))
    if found is None:
        raise ValueError("no armor")
    return base64.b64decode("".join(found[1].split()), validate=True)


def _read(data: bytes) -> SshSignature:
    said = _Reader(data)
    if said.take(len(MAGIC)) != MAGIC or said.number() != VERSION:
        raise ValueError("no signature of this version")
    key, namespace = _key(said.string()), said.string().decode("ascii")
    reserved, hashed = said.string(), said.string().decode("ascii")
    inner = _Reader(said.string())
    said.end()
    form, value = inner.string().decode("ascii"), inner.string()
    if hashed not in _HASHES:
        raise ValueError("no hash of this name")
    return SshSignature(key, namespace, reserved, hashed, form, value, inner.left)


def read_keys(data: bytes) -> list[SshKey]:
    """The keys in a ``.pub`` or an allowed-signers file. ``WitnessRefused`` where there is none."""
    keys = []
    for line in data.decode("utf-8", "replace").splitlines():
        fields = [] if line.lstrip().startswith("#") else line.split()
        for kind, text in pairwise(fields):
            if kind in KINDS:
                keys.append(_read_key(kind, text))
                break
    if not keys:
        raise WitnessRefused("the file given holds no public key of a kind that is taken")
    return keys


def _read_key(kind: str, text: str) -> SshKey:
    try:
        key = _key(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error) as error:
        raise WitnessRefused("the file given holds a damaged public key") from error
    if key.kind != kind:
        raise WitnessRefused("the file given holds a key that is not what it says")
    return key


def _key(blob: bytes) -> SshKey:
    """A key that can be used; ``ValueError`` if it is damaged, ``WitnessRefused`` if it is not taken."""
    kind = _Reader(blob).string().decode("ascii")
    if kind not in KINDS:
        raise WitnessRefused("the key is of a kind that is not taken: use Ed25519, ECDSA or RSA")
    key = SshKey(kind, blob)
    if kind == _SK_ED25519:
        _security_key(key)
        return key
    loaded = _loaded(key)
    if isinstance(loaded, rsa.RSAPublicKey) and loaded.key_size < MIN_RSA:
        raise WitnessRefused(f"an RSA key of less than {MIN_RSA} bits proves nothing")
    return key


def _check_form(signature: SshSignature) -> None:
    kind = signature.key.kind
    expected = tuple(_RSA_HASHES) if kind == _RSA else (kind,)
    rest = 5 if kind == _SK_ED25519 else 0  # a token's flags and counter
    if signature.form not in expected or len(signature.rest) != rest:
        raise WitnessRefused("the signature is not of the kind that its key makes")


def _loaded(key: SshKey) -> object:
    try:
        return load_ssh_public_key(key.line.encode())
    except (UnsupportedAlgorithm, NotImplementedError) as error:  # such as a compressed point
        raise ValueError("a key that cannot be used") from error


def _verify(signature: SshSignature, signed: bytes) -> None:
    """Raises ``InvalidSignature``."""
    kind, value = signature.key.kind, signature.value
    if kind == _SK_ED25519:
        _verify_security_key(signature, signed)
        return
    key = _loaded(signature.key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(value, signed)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        hashed, bits = _CURVES[kind]
        key.verify(_dss(value, bits), signed, ec.ECDSA(hashed))
    elif isinstance(key, rsa.RSAPublicKey):
        hashed_by = _RSA_HASHES[signature.form]
        padded = value.rjust(key.key_size // 8, b"\0")  # OpenSSH takes short ones as well
        key.verify(padded, signed, padding.PKCS1v15(), hashed_by)
    else:
        raise InvalidSignature


def _verify_security_key(signature: SshSignature, signed: bytes) -> None:
    """PROTOCOL.u2f: the token signs its application, flags, counter and the hash of the message."""
    public, application = _security_key(signature.key)
    if not signature.rest[0] & _PRESENT:
        raise InvalidSignature
    body = hashlib.sha256(application).digest() + signature.rest + hashlib.sha256(signed).digest()
    public.verify(signature.value, body)


def _security_key(key: SshKey) -> tuple[ed25519.Ed25519PublicKey, bytes]:
    reader = _Reader(key.blob)
    reader.string()
    public, application = reader.string(), reader.string()
    reader.end()
    return ed25519.Ed25519PublicKey.from_public_bytes(public), application


def _dss(value: bytes, bits: int) -> bytes:
    reader = _Reader(value)
    try:
        r, s = (int.from_bytes(reader.string(), "big", signed=True) for _ in range(2))
        reader.end()
    except ValueError as error:
        raise InvalidSignature from error
    if not (0 < r < 1 << bits and 0 < s < 1 << bits):
        raise InvalidSignature
    return encode_dss_signature(r, s)


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


class _Reader:
    """SSH's wire format (RFC 4251 section 5); ``ValueError`` where bytes are missing or left."""

    def __init__(self, data: bytes) -> None:
        self.left = data

    def take(self, count: int) -> bytes:
        if count > len(self.left):
            raise ValueError("it ends too early")
        taken, self.left = self.left[:count], self.left[count:]
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.number())

    def end(self) -> None:
        if self.left:
            raise ValueError("something follows it")
