"""Court packages made up from nothing, of any size and as hostile as wanted; and a local authority."""

import hashlib
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from daylight.crypto.signing import SigningKey
from daylight.crypto.vault_keys import new_keys
from daylight.domain.digest import Digest
from daylight.domain.media import Kind, MediaFacts, State, StreamFacts
from daylight.exports.court.records import (
    Court,
    CourtItem,
    Found,
    HeldHead,
    Met,
    OpenedEntry,
    Opening,
    Seal,
    Selection,
    Transfer,
)
from daylight.ledger.head import SignedHead, sign
from daylight.ledger.leaf import Leaf, canonical, commit, commit_details, commit_objects, new_salt
from daylight.ledger.merkle import root_of
from daylight.ledger.release import path_among

VAULT = "5" * 32
AGENT, SOFTWARE = "a" * 32, "b" * 32
HOSTILE = "<script>alert(1)</script>]]>\x00\x1b[2J\u202eгпж.exe\ud800\U0001f600 & \" '"


@dataclass(frozen=True)
class Made:
    court: Court
    data: dict[Digest, bytes]
    signer: SigningKey


def original(number: int) -> bytes:
    return f"original {number}".encode() * (number % 7)


def facts(text: str) -> MediaFacts:
    stream = StreamFacts(0, "video", "h264", Fraction(1, 90000), width=352, height=288)
    return MediaFacts(
        Kind.VIDEO,
        State.DAMAGED,
        reason=text,
        container="mp4",
        demuxer="mov",
        duration=Fraction(12345, 100),
        streams=(stream,),
        encoder=text,
        untrusted_metadata=(("creation_time", text), ("comment", text)),
    )


def make(count: int, text: str = "Запись с камеры 7", heads: tuple[HeldHead, ...] = ()) -> Made:
    """``count`` items in one lot, all examined; ``text`` wherever text may come from elsewhere."""
    datas = [original(n) + b"%d" % n for n in range(1, count + 1)]
    digests = [Digest(hashlib.sha256(data).digest()) for data in datas]
    signer = new_keys().signer
    leaves = [
        _leaf(0, "vault-created", AGENT, {"vault": VAULT, "key": signer.public.hex()}, ()),
        _leaf(1, "accession-opened", AGENT, {"accession": "c" * 32, "name": "x"}, ()),
        _leaf(
            2, "received", AGENT, {"accession": "c" * 32, "bytes": "9", "read_back": "yes"}, digests
        ),
        _leaf(3, "examined", SOFTWARE, {"probe": 1, "detectors": "filmstrip/1"}, digests),
    ]
    encoded = [one.encode() for one, *_ in leaves]
    head = sign(signer, VAULT, len(encoded), root_of(encoded), "2026-11-25T22:00Z")
    entries = tuple(_entry(encoded, *one) for one in leaves)
    closed = replace(entries[1], details=None, salt=None, withheld="withheld to protect the source")
    items = tuple(_item(n, digests[n - 1], datas[n - 1], text) for n in range(1, count + 1))
    court = Court(
        vault=VAULT,
        made="2026-11-25T22:10Z",
        version="0.1",
        head=head,
        heads=heads,
        entries=(entries[0], closed, *entries[2:]),
        items=items,
        transfers=(Transfer("", tuple(range(1, count + 1)), (1, 2), ("device",), None),),
        selection=Selection(text, count + 5, 5),
        agents={AGENT: "custodian", SOFTWARE: "Daylight"},
        old_hashes=True,
    )
    return Made(court, dict(zip(digests, datas, strict=True)), signer)


def _leaf(index, action, agent, details, digests):
    salts, body, details_salt = [new_salt() for _ in digests], canonical(details), new_salt()
    held = [commit(salt, digest) for salt, digest in zip(salts, digests, strict=True)]
    leaf = Leaf(
        index,
        "2026-11-25T21:00Z",
        action,
        agent,
        len(held),
        commit_objects(held),
        commit_details(details_salt, body),
    )
    return leaf, body, details_salt, salts, held


def _entry(encoded, leaf, body, details_salt, salts, held) -> OpenedEntry:
    return OpenedEntry(
        leaf.index,
        leaf.at,
        leaf.action,
        leaf.agent,
        leaf.encode(),
        path_among(encoded, leaf.index),
        body,
        details_salt,
        openings=tuple(
            Opening(n + 1, n, salt, path_among(held, n)) for n, salt in enumerate(salts)
        ),
    )


def _item(number: int, digest: Digest, data: bytes, text: str) -> CourtItem:
    return CourtItem(
        number=number,
        digest=digest,
        size=len(data),
        public_id=f"{number:032x}",
        facts=None if number % 10 == 3 else facts(text),
        met=(Met("", 2, read_back=True),),
        found=(Found("filmstrip", 1, text if number % 4 == 0 else ""),),
        entries=(2, 3),
        probe_version=1,
    )


class Authority:
    """A time-stamp authority made by openssl in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30"
            " -subj /CN=root"
        )
        self._run("openssl req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa")
        (folder / "ext").write_text("extendedKeyUsage=critical,timeStamping\n")
        self._run(
            "openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30"
            " -extfile ext -out tsa.pem"
        )
        (folder / "conf").write_text(
            "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ncrypto_device=builtin\nsigner_cert=tsa.pem\n"
            "certs=ca.pem\nsigner_key=tsa.key\nsigner_digest=sha256\ndefault_policy=1.2.3.4\n"
            "digests=sha256\naccuracy=secs:1\n"
        )
        (folder / "serial").write_text("01\n")

    def _run(self, words: str) -> None:
        subprocess.run(words.split(), cwd=self._folder, check=True, capture_output=True)

    def seal(self, body: bytes) -> Seal:
        digest = hashlib.sha256(body).hexdigest()
        self._run(f"openssl ts -query -digest {digest} -sha256 -cert -out q.tsq")
        self._run("openssl ts -reply -queryfile q.tsq -config conf -section t -out a.tsr")
        made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        token = (self._folder / "a.tsr").read_bytes()
        return Seal("local", token, (self._folder / "ca.pem").read_bytes(), made)


def held(head: SignedHead, *seals: Seal) -> HeldHead:
    return HeldHead(head, (), (), seals)
