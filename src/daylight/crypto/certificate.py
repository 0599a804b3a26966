"""A certificate that this machine signs itself, for TLS in a local network: it names an address and nobody."""

import ipaddress
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = timedelta(days=397)  # what browsers take at most
RENEWED = timedelta(days=30)  # before its end
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Certified(NamedTuple):
    """PEM, each: the key without a passphrase, and the certificate."""

    key: bytes
    certificate: bytes


def certify(address: Address, now: datetime) -> Certified:
    """A key on P-256 and its certificate for ``address``, from a day before ``now``: clocks differ."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "review room")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now - timedelta(days=1) + LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(address)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Certified(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        made.public_bytes(serialization.Encoding.PEM),
    )


def serves(certificate: bytes, address: Address, now: datetime) -> bool:
    """Whether it is for ``address``, and for some time yet. ``ValueError`` for what is none."""
    read = x509.load_pem_x509_certificate(certificate)
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    good = read.not_valid_before_utc <= now < read.not_valid_after_utc - RENEWED
    return good and address in names.get_values_for_type(x509.IPAddress)


def fingerprint(certificate: bytes) -> str:
    """SHA-256 as browsers show it: pairs of hexadecimal digits."""
    digest = x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256())
    return digest.hex(":").upper()
