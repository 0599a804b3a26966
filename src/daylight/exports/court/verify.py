"""Check this package without Daylight. Needs Python 3.9 or newer and the library "cryptography".

    python3 verify.py                 checks everything that lies in this folder
    python3 verify.py --head FILE     also against a head that somebody outside has kept

Each line begins with OK, FAILED or NOT CHECKED; the program ends with 0 if nothing failed, else
with 1. It changes nothing and asks no network. What is checked:
 1. every file against manifest-sha256.txt, and that list against a signature of the ledger's key;
 2. every entry: that it stands under the head (RFC 6962, 2.1.1), and what is opened of it;
 3. the ledger's keys: entry 0 names the first, later entries each later one (RFC 8032);
 4. every head's signature, and that earlier heads are how the ledger began (RFC 6962, 2.1.2);
 5. every original: that an opened entry on its receipt commits to its SHA-256;
 6. signatures of witnesses (OpenSSH's), and time stamps (RFC 3161) if "openssl" is there.
A package can agree with itself and still be made up by whoever holds the ledger's key. Only a head
from somebody outside (--head), a witness whom you know, or a time stamp tells that it is not.
"""

from __future__ import annotations

import argparse
import base64
import calendar
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MANIFEST, SIGNATURE, PACKAGE = "manifest-sha256.txt", "manifest-signature.json", "package.json"
HARMLESS = (".DS_Store", "Thumbs.db", "desktop.ini")  # what file managers leave behind
FAULTS: list[str] = []  # that were found
Json = dict[str, Any]
BAD = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)


class Wrong(Exception):
    """A fault: its name, and a sentence."""


def say(word: str, text: str) -> None:
    if word == "FAILED":
        FAULTS.append(text)
    sys.stdout.write(f"{word:<11}  {text}\n")


def guarded(name: str, check: Any, *arguments: Any) -> Any:
    """Run a check; what goes wrong in it becomes a line that FAILED, and its result is None."""
    try:
        return check(*arguments)
    except Wrong as wrong:
        say("FAILED", ": ".join(wrong.args))
    except BAD as error:
        say("FAILED", f"{name}: it cannot be read ({type(error).__name__})")
    return None


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def canonical(value: Any) -> bytes:
    """RFC 8785 JSON, as far as the texts and integers that are signed here need it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def is_signed(key: bytes, signature: bytes, body: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True


def climb(node: int, last: int, start: bytes, steps: list[bytes]) -> tuple[bytes, bytes]:
    """Up a Merkle tree (RFC 9162, 2.1.3.2 and 2.1.4.2): the root as it was, and as it is."""
    before = after = start
    for step in steps:
        if last == 0:
            raise Wrong("proof-broken", "a proof is too long")
        if node & 1 or node == last:
            before, after = sha(b"\1", step, before), sha(b"\1", step, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = sha(b"\1", after, step)
        node, last = node >> 1, last >> 1
    if last:
        raise Wrong("proof-broken", "a proof is too short")
    return before, after


def root_over(place: int, count: int, leaf: bytes, path: list[str]) -> bytes:
    """The root that an audit path leads to, for leaf number ``place`` of ``count``."""
    if not 0 <= place < count:
        raise Wrong("proof-broken", "there is no such place in the tree")
    return climb(place, count - 1, sha(b"\0", leaf), [*map(bytes.fromhex, path)])[1]


def is_beginning(old: Head, new: Head, path: list[str]) -> bool:
    """Whether the ledger under ``old`` is how that under ``new`` began."""
    if not 0 < old.size < new.size:
        return (old.size, old.root, path) == (new.size, new.root, [])
    steps = ([] if old.size & (old.size - 1) else [old.root]) + [*map(bytes.fromhex, path)]
    node, last = old.size - 1, new.size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    return climb(node, last, steps[0], steps[1:]) == (old.root, new.root)


def read(*parts: str) -> bytes:
    with open(os.path.join(*parts), "rb") as file:
        return file.read()


def hash_file(path: str, names: list[str]) -> dict[str, str]:
    """The hashes ``names`` of a file, and its ``size``, reading it once."""
    hashes, size = {name: hashlib.new(name) for name in names}, 0
    with open(path, "rb") as file:
        for data in iter(lambda: file.read(1 << 20), b""):
            size += len(data)
            for one in hashes.values():
                one.update(data)
    return {"size": str(size), **{name: one.hexdigest() for name, one in hashes.items()}}


def read_manifest(folder: str) -> dict[str, str]:
    """Name to SHA-256. Names lie in this folder, and nowhere else."""
    lines = read(folder, MANIFEST).decode().split("\n")
    listed: dict[str, str] = {}
    for line in lines[:-1]:
        found = re.fullmatch(r"([0-9a-f]{64})  ([A-Za-z0-9_-][A-Za-z0-9._/-]*)", line)
        if found is None or ".." in found[2] or found[2] in listed:
            raise Wrong("manifest-unreadable", f"{MANIFEST} holds a line that it must not hold")
        listed[found[2]] = found[1]
    if lines[-1] or not listed:
        raise Wrong("manifest-unreadable", f"{MANIFEST} is cut off")
    return listed


def present(folder: str) -> set[str]:
    """Every file below, named from here; a link counts as a file and is not followed."""
    found = set()
    for base, folders, files in os.walk(folder):
        for name in files + [one for one in folders if os.path.islink(os.path.join(base, one))]:
            found.add(os.path.relpath(os.path.join(base, name), folder).replace(os.sep, "/"))
    return found


def check_files(folder: str, listed: dict[str, str], more: dict[str, list[str]]) -> Json:
    """That the files are those listed, unchanged. ``more``: further hashes to take of some."""
    there, found = present(folder), {}
    for name in sorted(listed):
        path = os.path.join(folder, *name.split("/"))
        if name not in there or os.path.islink(path):
            say("FAILED", f"file-missing: {name}")
        else:
            found[name] = hash_file(path, ["sha256", *more.get(name, [])])
            if found[name]["sha256"] != listed[name]:
                say("FAILED", f"file-changed: {name}")
    for name in sorted(there - {*listed, MANIFEST, SIGNATURE}):
        if os.path.basename(name) not in HARMLESS:
            say("FAILED", f"file-extra: {name!a} does not belong to the package")
    if not FAULTS:
        say("OK", f"files: all {len(listed)} are as {MANIFEST} lists them")
    return found


class Head:
    """A signed head of the ledger. ``body`` is what was signed."""

    def __init__(self, document: Json) -> None:
        said = document["head"]
        self.vault, self.size, self.at = said["vault"], int(said["size"]), said["at"]
        self.root, self.key = bytes.fromhex(said["root"]), bytes.fromhex(said["key"])
        self.body = canonical(said)
        self.file = (json.dumps(document, indent=1) + "\n").encode()
        schemas = (document["schema"], said["schema"])
        signed = is_signed(self.key, bytes.fromhex(document["signature"]), self.body)
        if schemas != ("signed-head/1", "head/1") or not signed:
            raise Wrong("head-forged", f"the signature over {self} does not hold")

    def __str__(self) -> str:
        return f"the head of {self.size} entries"


class Keys:
    """Which key signs heads of which size, as the entries on keys tell it, in their order."""

    def __init__(self, read: list[Json]) -> None:
        self.vault, self.since = "", [(0, b"")]
        for one in sorted(read, key=lambda entry: int(entry["leaf"]["index"])):
            action, index, said = one["leaf"]["action"], one["leaf"]["index"], one["details"]
            if action == "vault-created" and index == 0:
                self.vault = said["vault"]
                self.since.append((1, bytes.fromhex(said["key"])))
            elif action in ("key-rotated", "key-replaced"):
                self._change(index, said, signed=action == "key-rotated")

    def _change(self, index: int, said: Json, *, signed: bool) -> None:
        told = {name: said[name] for name in ("old", "new")}
        body = canonical({"schema": "key-rotation/1", "vault": self.vault, **told})
        halves = [(bytes.fromhex(said[one]), said.get(one + "_signature", "")) for one in told]
        if signed and not all(is_signed(key, bytes.fromhex(text), body) for key, text in halves):
            raise Wrong("key-unknown", "a change of the ledger's key is not signed by both")
        if halves[0][0] != self.active(index + 1):
            raise Wrong("key-unknown", "a change of key does not begin with the key before it")
        # The head over a change is the old key's last; a key that was lost signs nothing more.
        self.since.append((index + (2 if signed else 1), halves[1][0]))

    def active(self, size: int) -> bytes:
        return [key for first, key in self.since if first <= size][-1]

    def check(self, head: Head) -> None:
        if head.vault != self.vault:
            raise Wrong("head-forged", f"{head} belongs to another ledger")
        if head.key != self.active(head.size):
            raise Wrong("key-unknown", f"{head} is signed by a key that no entry names")


def check_manifest(folder: str, head: Head) -> None:
    raw, digest = read(folder, SIGNATURE), sha(read(folder, MANIFEST)).hex()
    said = {"schema": "court-manifest/1", "manifest": digest, "head": sha(head.body).hex()}
    signature = bytes.fromhex(json.loads(raw)["signature"])
    exact = raw == canonical({"body": said, "signature": signature.hex()}) + b"\n"  # to the letter
    if not exact or not is_signed(head.key, signature, canonical(said)):
        raise Wrong("manifest-forged", f"{MANIFEST} is not the list that the ledger's key signed")
    say("OK", "manifest: signed by the ledger's key")


def check_entry(entry: Json, head: Head, items: Json) -> Json:
    """Leaf, details (None where closed) and items of an entry, each checked against the head."""
    leaf = json.loads(entry["leaf"])
    index, path, details = leaf["index"], entry["path"], entry["details"]
    if root_over(index, head.size, entry["leaf"].encode(), path) != head.root:
        raise Wrong("entry-not-under-head", f"entry {index} is none that the head covers")
    if details is not None:
        salt, body = bytes.fromhex(details["salt"]), details["body"].encode()
        if sha(salt, sha(body)).hex() != leaf["details"]:
            raise Wrong("details-differ", f"entry {index} was made with other details")
        details = json.loads(body)
    for one in entry["objects"]:
        held = sha(bytes.fromhex(one["salt"]), bytes.fromhex(items[one["item"]]["sha256"]))
        if leaf["count"] > 1:
            held = root_over(one["position"], leaf["count"], held, one["path"])
        if held.hex() != leaf["object"]:
            raise Wrong("opening-differs", f"entry {index} is not about item {one['item']}")
    return {"leaf": leaf, "details": details, "items": [one["item"] for one in entry["objects"]]}


def check_entries(package: Json, head: Head, items: Json) -> list[Json]:
    entries = package["entries"]
    good = [guarded("entry-unreadable", check_entry, one, head, items) for one in entries]
    if None not in good:
        say("OK", f"entries: all {len(good)} stand under the head; what is opened agrees")
    good = [one for one in good if one]
    closed = sum(one["details"] is None for one in good)
    if closed:
        say("NOT CHECKED", f"the details of {closed} entries, which were left closed on purpose")
    return good


def check_item(item: Json, hashes: Json, read: list[Json]) -> None:
    number, found = item["number"], hashes.get(item["original"], {})
    for name in ("sha256", "size", "md5", "sha1"):
        if item.get(name) is not None and found.get(name) != item[name]:
            raise Wrong("hash-differs", f"the original of item {number} has another {name}")
    if not any(e["leaf"]["action"] == "received" and number in e["items"] for e in read):
        raise Wrong("item-not-received", f"no entry says that item {number} came in")


def check_release(one: Json, items: Json, read: list[Json]) -> None:
    """That a published proof is of this item: its commitment lies under a root that was entered."""
    held = sha(bytes.fromhex(one["salt"]), bytes.fromhex(items[one["item"]]["sha256"]))
    root = root_over(one["position"], one["count"], held, one["path"]).hex()
    entered = [e["details"] for e in read if e["leaf"]["index"] == one["entry"]]
    same = (held.hex(), root) == (one["commitment"], one["root"])
    if not same or entered != [{"root": root, "count": one["count"]}]:
        raise Wrong("release-differs", f"a release does not hold item {one['item']}")
    say("OK", f"release {root}: commitment {held.hex()} is item {one['item']}")


def split(data: bytes) -> tuple[bytes, bytes]:
    """One string in SSH's wire format, and what follows it; too short a one fits no signature."""
    end = 4 + int.from_bytes(data[:4], "big")
    return data[4:end], data[end:]


def check_witness(head: Head, one: Json) -> None:
    """OpenSSH's PROTOCOL.sshsig, for Ed25519 keys."""
    key = base64.b64decode(one["key"].split()[1])
    blob = base64.b64decode("".join(one["signature"].strip().splitlines()[1:-1]))
    strings, rest = [], blob[10:]
    for _ in range(5):  # key, namespace, reserved, hash, signature
        string, rest = split(rest)
        strings.append(string)
    name = base64.b64encode(sha(key)).decode().rstrip("=")
    who = f"witness {one['name']!a} (key SHA256:{name}) on {head}"
    if split(key)[0] != b"ssh-ed25519":
        return say("NOT CHECKED", f"{who}: use `ssh-keygen -Y verify` for a key of this kind")
    parts = (*strings[1:4], hashlib.new(strings[3].decode(), head.file).digest())
    signed = b"SSHSIG" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    form, value = split(strings[4])
    holds = is_signed(split(split(key)[1])[0], split(value)[0], signed)
    said = (blob[:10], strings[0], strings[1], form)
    if said != (b"SSHSIG\0\0\0\1", key, b"daylight-head", b"ssh-ed25519") or not holds:
        raise Wrong("witness-forged", f"{who}: the signature does not hold")
    return say("OK", f"{who}: signed; ask them whether this key is theirs")


def check_seal(folder: str, head: Head, one: Json) -> None:
    what = f"seal by {one['authority']!a} on {head}"
    tool = shutil.which("openssl")
    if tool is None:
        return say("NOT CHECKED", f"{what}: there is no openssl here")
    token, trusted = (os.path.join(folder, one[part]) for part in ("token", "certificates"))
    run = functools.partial(subprocess.run, capture_output=True, text=True, check=False)
    told = run([tool, "ts", "-reply", "-in", token, "-text"]).stdout
    stamp = re.search(r"Time stamp: (\w+ +\d+ [\d:]+)(?:\.\d+)? (\d{4}) GMT", told)
    if stamp is None:
        raise Wrong("seal-forged", f"{what} is no time stamp")
    made = time.strptime(f"{stamp[1]} {stamp[2]}", "%b %d %H:%M:%S %Y")
    then = ["-attime", str(calendar.timegm(made))]  # certificates expire; at that time they held
    wanted = ["-digest", sha(head.body).hex(), "-in", token, "-CAfile", trusted, *then]
    if run([tool, "ts", "-verify", *wanted]).returncode:
        raise Wrong("seal-forged", f"{what} does not hold")
    return say("OK", f"{what}: made {time.strftime('%Y-%m-%dT%H:%M:%SZ', made)}")


def check_held(folder: str, keys: Keys, head: Head, one: Json) -> Head:
    """A head that the package brings, with its witnesses and seals."""
    earlier = Head(one["head"])
    keys.check(earlier)
    if not is_beginning(earlier, head, one["consistency"]):
        raise Wrong("head-not-joined", f"{earlier} is not how this ledger began")
    for witness in one["witnesses"]:
        guarded("witness-forged", check_witness, earlier, witness)
    for seal in one["seals"]:
        guarded("seal-forged", check_seal, folder, earlier, seal)
    return earlier


def check_outside(path: str, held: list[Head], keys: Keys) -> None:
    """A head that the court got from somebody else than whoever made the package."""
    outside = Head(json.loads(read(path)))
    keys.check(outside)
    known = [one for one in held if one.size == outside.size]
    if not known:
        raise Wrong("head-not-joined", f"no proof here leads to {outside}: ask for one (--against)")
    if any(one.root != outside.root for one in known):
        raise Wrong("head-contradicts", f"{outside} that was kept outside has another root")
    say("OK", f"outside: {outside} that was given agrees with this package")


def check(folder: str, outside: str | None) -> None:
    listed, package = read_manifest(folder), json.loads(read(folder, PACKAGE))
    if package["schema"] != "court-package/1":
        raise Wrong("package-unreadable", "it has a form that this program does not know")
    items = {item["number"]: item for item in package["items"]}
    more = {i["original"]: [n for n in ("md5", "sha1") if i.get(n)] for i in items.values()}
    hashes = check_files(folder, listed, more)
    head = Head(package["head"])
    entries = check_entries(package, head, items)
    keys = Keys(entries)
    keys.check(head)
    say("OK", f"{head}, {head.at}, root {head.root.hex()}, key {head.key.hex()}")
    guarded("manifest-forged", check_manifest, folder, head)
    for one in items.values():
        guarded("item-unreadable", check_item, one, hashes, entries)
    if not FAULTS:
        say("OK", f"originals: all {len(items)} are what the ledger says was received")
    for one in package["releases"]:
        guarded("release-differs", check_release, one, items, entries)
    held = [guarded("head-forged", check_held, folder, keys, head, h) for h in package["heads"]]
    if not any(one["witnesses"] or one["seals"] for one in package["heads"]):
        say("NOT CHECKED", "witnesses and seals: the package holds none")
    if outside:
        return check_outside(outside, [head, *(one for one in held if one is not None)], keys)
    return say("NOT CHECKED", "against a head from somebody outside: none was given (--head FILE)")


def main() -> int:
    parser = argparse.ArgumentParser(description="Check this package without Daylight.")
    parser.add_argument("--head", metavar="FILE", help="a head that somebody outside has kept")
    parser.add_argument("folder", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    asked = parser.parse_args()
    guarded("package-unreadable", check, asked.folder, asked.head)
    sys.stdout.write(f"\n{len(FAULTS)} FAILED.\n" if FAULTS else "\nNothing failed.\n")
    return 1 if FAULTS else 0


if __name__ == "__main__":
    sys.exit(main())
