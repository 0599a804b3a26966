"""Keys as tor reads them; the address of a known key."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from daylight.crypto import onion

# A service that has been there for years: the address that its public key must give.
KNOWN = "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion"


def test_the_address_of_a_known_key():
    public = base64.b32decode(KNOWN.removesuffix(".onion").upper())[:32]
    assert onion.address_of(onion._PUBLIC_HEAD + public) == KNOWN


def test_the_halves_of_a_service_belong_together():
    """The scalar times the base point is the public key: by the curve's own arithmetic."""
    made = onion.new_service()
    assert len(made.secret_file) == 96
    scalar = int.from_bytes(made.secret_file[32:64], "little")
    assert (scalar % 8, scalar >> 254) == (0, 1)
    assert _times_base(scalar) == made.public_file[32:]
    assert onion.address_of(made.public_file) == made.address
    assert made.address != onion.new_service().address


@pytest.mark.parametrize(
    "data", [b"", b"x" * 64, onion._PUBLIC_HEAD, onion._PUBLIC_HEAD + b"k" * 33]
)
def test_what_is_no_key_is_refused(data):
    with pytest.raises(ValueError):
        onion.address_of(data)


def test_the_halves_of_a_client_belong_together():
    made = onion.new_client()
    private, public = (base64.b32decode(half + "====") for half in made)
    held = X25519PrivateKey.from_private_bytes(private)
    assert held.public_key().public_bytes_raw() == public
    assert {len(half) for half in made} == {52}


# Ed25519's arithmetic, as in RFC 8032, section 6, cut to what is needed.
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P


def _add(one, two):
    (x1, y1), (x2, y2) = one, two
    k = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P)
    return x % P, y % P


def _times_base(scalar: int) -> bytes:
    y = 4 * pow(5, P - 2, P) % P
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    step, total = (x if x % 2 == 0 else P - x, y), (0, 1)
    while scalar:
        if scalar & 1:
            total = _add(total, step)
        step, scalar = _add(step, step), scalar >> 1
    return (total[1] | (total[0] & 1) << 255).to_bytes(32, "little")


def test_the_arithmetic_of_this_test_is_right():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = bytes(range(32))
    clamped = bytearray(hashlib.sha512(seed).digest()[:32])
    clamped[0] &= 248
    clamped[31] = clamped[31] & 63 | 64
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert _times_base(int.from_bytes(clamped, "little")) == public
