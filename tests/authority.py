"""A time-stamp authority of our own: certificates, tokens by ``openssl ts`` or made up, and HTTP.

``openssl ts`` gives honest tokens. It refuses to give odd ones, so those are put together here:
with another time, another purpose, another certificate beside them.
"""

import datetime as dt
import hashlib
import ipaddress
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from daylight.ledger.der import FIRST, OCTETS, OID, SEQUENCE, SET, encode, parse

OPENSSL = shutil.which("openssl")
POLICY = "1.3.6.1.4.1.99999.1"
DAY = dt.timedelta(days=1)
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
STAMPING = [ExtendedKeyUsageOID.TIME_STAMPING]
INTEGER, NULL, TIME, TRUE = 0x02, b"\x05\x00", 0x18, b"\x01\x01\xff"
SHA256 = encode(SEQUENCE, [bytes.fromhex("0609608648016503040201"), NULL])
ECDSA = encode(SEQUENCE, [bytes.fromhex("06082a8648ce3d040302")])
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
ESS_V2 = bytes.fromhex("060b2a864886f70d010910022f")


@dataclass
class Holder:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def certify(
    name: str,
    by: Holder | None,
    *,
    ca: bool = False,
    usage: list | None = None,
    critical: bool = True,
    since: dt.datetime = NOW - 30 * DAY,
    until: dt.datetime = NOW + 300 * DAY,
    serial: int | None = None,
    host: str = "",
) -> Holder:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(_key_usage(ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=critical)
    if host:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        builder = builder.add_extension(names, critical=False)
    signer = key if by is None else by.key
    return Holder(builder.sign(signer, hashes.SHA256()), key)


def _key_usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass
class Chain:
    """Root, intermediate, and whoever stamps."""

    root: Holder = field(default_factory=lambda: certify("Root of trust", None, ca=True))
    middle: Holder = None  # type: ignore[assignment]
    stamper: Holder = None  # type: ignore[assignment]

    def __post_init__(self):
        self.middle = self.middle or certify("Intermediate", self.root, ca=True)
        self.stamper = self.stamper or self.issue()

    def issue(self, **options) -> Holder:
        """One more certificate under the intermediate; by default one that may stamp."""
        return certify("Time stamps", self.middle, **{"usage": STAMPING} | options)


def integer(value: int) -> bytes:
    return encode(INTEGER, [value.to_bytes(value.bit_length() // 8 + 1, "big")])


def oid(dotted: str) -> bytes:
    numbers = [int(part) for part in dotted.split(".")]
    out = bytearray([numbers[0] * 40 + numbers[1]])
    for number in numbers[2:]:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(number & 0x7F | 0x80)
        out += bytes(reversed(digits))
    return encode(OID, [bytes(out)])


def stated(imprint: bytes, nonce: int, when: dt.datetime, policy: str = POLICY) -> bytes:
    """TSTInfo."""
    return encode(
        SEQUENCE,
        [
            integer(1),
            oid(policy),
            encode(SEQUENCE, [SHA256, encode(OCTETS, [imprint])]),
            integer(4711),
            encode(TIME, [when.strftime("%Y%m%d%H%M%SZ").encode()]),
            encode(SEQUENCE, [integer(1)]),  # accuracy: one second
            integer(nonce),
        ],
    )


def attribute(kind: bytes, value: bytes) -> bytes:
    return encode(SEQUENCE, [kind, encode(SET, [value])])


def answer(
    signer: Holder,
    content: bytes,
    certificates: list[Holder],
    *,
    named: bytes | None = None,
    identity: Holder | None = None,
    attributes: list[bytes] | None = None,
    in_order: bool = True,
) -> bytes:
    """A TimeStampResp. ``named``: the certificate under the signature; ``identity``: the one named
    beside it."""
    hashed = hashlib.sha256(named or signer.der).digest()
    essential = encode(SEQUENCE, [encode(SEQUENCE, [encode(SEQUENCE, [encode(OCTETS, [hashed])])])])
    digest = encode(OCTETS, [hashlib.sha256(content).digest()])
    signed = [attribute(CONTENT_TYPE, TST_INFO), attribute(MESSAGE_DIGEST, digest)]
    signed = sorted(
        [*signed, *([attribute(ESS_V2, essential)] if attributes is None else attributes)]
    )
    signature = signer.key.sign(encode(SET, signed), ec.ECDSA(hashes.SHA256()))
    who = (identity or signer).certificate
    info = encode(
        SEQUENCE,
        [
            integer(1),
            encode(SEQUENCE, [who.issuer.public_bytes(), integer(who.serial_number)]),
            SHA256,
            encode(FIRST, signed),
            ECDSA,
            encode(OCTETS, [signature]),
        ],
    )
    ders = [one.der for one in certificates]
    data = [
        integer(3),
        encode(SET, [SHA256]),
        encode(SEQUENCE, [TST_INFO, encode(FIRST, [encode(OCTETS, [content])])]),
        encode(FIRST, sorted(ders) if in_order else sorted(ders, reverse=True)),
        encode(SET, [info]),
    ]
    token = encode(SEQUENCE, [SIGNED_DATA, encode(FIRST, [encode(SEQUENCE, data)])])
    return encode(SEQUENCE, [encode(SEQUENCE, [integer(0)]), token])


def asked(query: bytes) -> tuple[bytes, int]:
    """Imprint and nonce of a request."""
    parts = parse(query).parts()
    imprint, nonce = parts[1].parts()[1].content, int.from_bytes(parts[2].content, "big")
    return imprint, nonce


def stamp(chain: Chain, query: bytes, when: dt.datetime | None = None) -> bytes:
    """An honest answer, by default of now."""
    content = stated(*asked(query), when or dt.datetime.now(dt.UTC))
    return answer(chain.stamper, content, [chain.middle, chain.stamper])


CONFIGURATION = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_digest = sha256
default_policy = {policy}
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class Stamper:
    """``openssl ts`` with a chain, in a folder of its own."""

    folder: Path
    chain: Chain

    def __post_init__(self):
        self.folder.mkdir(exist_ok=True)
        (self.folder / "serial").write_text("1000")
        files = {
            "tsa.cnf": CONFIGURATION.format(folder=self.folder, policy=POLICY).encode(),
            "tsa.pem": self.chain.stamper.pem,
            "tsa.key": self.chain.stamper.key_pem,
            "chain.pem": self.chain.middle.pem,
            "root.pem": self.chain.root.pem,
        }
        for name, data in files.items():
            (self.folder / name).write_bytes(data)

    def __call__(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        words = "ts -reply -config tsa.cnf -queryfile query -signer tsa.pem -inkey tsa.key"
        self.openssl(*words.split(), "-chain", "chain.pem", "-out", "reply")
        return (self.folder / "reply").read_bytes()

    def openssl(self, *words: str) -> bytes:
        return subprocess.run(
            [OPENSSL, *words], cwd=self.folder, check=True, capture_output=True
        ).stdout


@dataclass
class Said:
    """What the server says: by default an answer of the right type."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/timestamp-reply"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Served:
    """``asked``: request bodies and their headers, in order. ``answer`` may be replaced."""

    url: str
    answer: Callable[[bytes], Said]
    asked: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)


@contextmanager
def served(
    answer: Callable[[bytes], Said], context: ssl.SSLContext | None = None
) -> Iterator[Served]:
    """An HTTP server on this machine; with ``context`` behind TLS."""
    state = Served("", answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.asked.append((body, dict(self.headers)))
            said = state.answer(body)
            self.send_response(said.status)
            self.send_header("Content-Type", said.kind)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, *_):
            pass

        def handle(self):
            try:
                super().handle()
            except ConnectionError:
                pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # clients that go away are the test
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
