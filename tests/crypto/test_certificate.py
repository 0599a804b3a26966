"""The certificate for a local network: for one address, for a while, and naming nobody."""

import hashlib
import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from daylight.crypto.certificate import LIFE, RENEWED, certify, fingerprint, serves

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
HERE = ipaddress.ip_address("192.168.1.5")
SIX = ipaddress.ip_address("fd00::5")


@pytest.mark.parametrize("address", [HERE, SIX])
def test_it_serves_its_address_until_it_is_due_to_be_renewed(address):
    made = certify(address, NOW).certificate
    assert serves(made, address, NOW)
    assert not serves(made, ipaddress.ip_address("192.168.1.6"), NOW)
    end = NOW - timedelta(days=1) + LIFE - RENEWED
    assert serves(made, address, end - timedelta(seconds=1))
    assert not serves(made, address, end)
    assert not serves(made, address, NOW - timedelta(days=2))


def test_it_names_nobody_and_signs_nothing_else():
    read = x509.load_pem_x509_certificate(certify(HERE, NOW).certificate)
    assert [one.value for one in read.subject] == ["review room"]
    assert not read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert read.serial_number.bit_length() > 100


def test_the_fingerprint_is_the_one_that_browsers_show():
    made = certify(HERE, NOW).certificate
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(made.decode())).hexdigest().upper()
    assert fingerprint(made).replace(":", "") == digest


@pytest.mark.parametrize("data", [b"", b"x", b"-----BEGIN CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_refused(data):
    with pytest.raises(ValueError):
        serves(data, HERE, NOW)
