"""Mutants of a sealed vault: whoever holds an earlier head finds every one, by a name that fits.

A small vault is made once, with heads of several sizes kept outside; each mutant is a copy of it that
one operator has changed, with whatever an insider may have: the files, the database, the keys.
"""

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import DatabaseError, connections

from daylight import bootstrap
from daylight.catalogue.ledger_rows import key_of
from daylight.catalogue.models import Finding, Item, Media, Rendition
from daylight.catalogue.queries.vault import custodian_here
from daylight.crypto.signing import SigningKey
from daylight.crypto.vault_keys import from_file, new_keys, to_file
from daylight.domain.principal import Role
from daylight.domain.progress import Silent
from daylight.ledger.head import SignedHead, parse, sign
from daylight.ledger.leaf import commit, commit_objects
from daylight.ledger.merkle import EMPTY, grow
from daylight.services import heads
from daylight.services.intake import ImportRequest, import_material
from daylight.services.people import NewUser, add, disable
from daylight.services.verify import VerifyRequest, verify
from daylight.storage.layout import read
from tests.conftest import new_vault

SEED = int(os.environ.get("DAYLIGHT_MUTANTS_SEED", "20261125"))
RUNS = 6  # mutants by each operator that draws
AT = "2026-11-24T14:07Z"


@dataclass(frozen=True)
class Sealed:
    """``early``: the vault as it was at the second head. ``outside``: heads that others keep."""

    root: Path
    early: Path
    outside: dict[str, SignedHead]


def accession(ws, folder: Path, name: str, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for file, data in files.items():
        (folder / file).write_bytes(data)
    (folder / "link").symlink_to("nowhere")
    request = ImportRequest(roots=[folder], accession=name)
    import_material(ws, custodian_here(), request, Silent())


def examined(ws) -> None:
    """Rows and objects such as an examination leaves."""
    for item in Item.objects.order_by("pk")[:3]:
        picture, index = ws.store.put_many([b"picture %d" % item.pk, b"index %d" % item.pk])
        facts = {"item": item, "facts": {}}
        Media.objects.create(probe_version=1, kind="video", state="ok", key_frames=index, **facts)
        finding = Finding.objects.create(detector="still", version=1, **facts)
        kept = {"name": "still", "media_type": "image/jpeg", "sha256": picture}
        Rendition.objects.create(finding=finding, size=len(b"picture 1"), **kept, **facts)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory, migrated) -> Sealed:
    work = tmp_path_factory.mktemp("sealed")
    ws = new_vault(work / "vault", migrated)
    draw = random.Random(SEED)
    files = {f"{n}": draw.randbytes(300 + 97 * n) for n in range(6)}
    accession(ws, work / "one", "disk one", files)
    first = heads.keep(ws)
    examined(ws)
    rest()
    shutil.copytree(work / "vault", work / "early")
    ws = bootstrap.settle(read(work / "vault"))
    add(ws, custodian_here(), NewUser("ada", frozenset({Role.ANALYST})))
    second = heads.keep(ws)
    files = {f"{n}": draw.randbytes(100 + 41 * n) for n in range(4)} | {"known": files["2"]}
    accession(ws, work / "two", "disk two", files)
    disable(ws, custodian_here(), "ada")
    third = heads.keep(ws)
    accession(ws, work / "three", "disk three", {"last": b"the last one"})
    heads.keep(ws)
    rest()
    with sqlite3.connect(work / "vault/catalogue.sqlite") as database:
        database.execute("VACUUM")  # every page holds something
    database.close()
    # The newest is left inside: what is found is found by heads that are older than the ledger.
    return Sealed(work / "vault", work / "early", {"A": first, "B": second, "C": third})


def rest() -> None:
    """Nobody has the database open, and all of it is in its file."""
    path = connections["default"].settings_dict["NAME"]
    connections.close_all()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


@dataclass
class Mutant:
    """A copy of the vault, and what an operator needs to change it."""

    root: Path
    early: Path
    draw: random.Random

    def run(self, statement: str, *values) -> None:
        """On the database, without references or triggers in the way; it must change something."""
        with self.open() as database:
            assert database.execute(statement, values).rowcount > 0
        database.close()

    def rows(self, statement: str, *values) -> list[tuple]:
        with self.open() as database:
            found = database.execute(statement, values).fetchall()
        database.close()
        return found

    def open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.root / "catalogue.sqlite")

    def one(self, statement: str) -> tuple:
        return self.draw.choice(self.rows(statement))

    def objects(self) -> list[Path]:
        return sorted((self.root / "objects").glob("??/??/*"))

    def sized(self) -> list[Path]:
        """Objects whose size the catalogue knows: of an index its name alone would tell."""
        known = {bytes(d).hex() for (d,) in self.rows("SELECT sha256 FROM catalogue_item")}
        return [path for path in self.objects() if path.name in known]

    def heads(self) -> list[Path]:
        return sorted((self.root / "ledger/heads").glob("*.json"))

    @property
    def key(self) -> SigningKey:
        return from_file((self.root / "vault.keys").read_bytes()).open("").signer

    @property
    def vault(self) -> str:
        return read(self.root).vault_id


def write(path: Path, data: bytes) -> None:
    mode = path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(data)
    path.chmod(mode)


def flipped(data: bytes, draw: random.Random) -> bytes:
    at, bit = draw.randrange(len(data)), draw.randrange(8)
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


Operator = Callable[[Mutant], None]
OPERATORS: dict[str, tuple[Operator, set[str], int]] = {}


def operator(*names: str, runs: int = RUNS) -> Callable[[Operator], Operator]:
    """``names``: at least one of them must be told of each mutant, and says what it is."""

    def add_it(made: Operator) -> Operator:
        OPERATORS[made.__name__] = (made, set(names), runs)
        return made

    return add_it


# Objects.


@operator("object-changed", runs=12)
def flip_a_bit_of_an_object(m: Mutant) -> None:
    path = m.draw.choice(m.objects())
    write(path, flipped(path.read_bytes(), m.draw))


@operator("object-truncated")
def truncate_an_object(m: Mutant) -> None:
    path = m.draw.choice(m.sized())
    data = path.read_bytes()
    write(path, data[: m.draw.randrange(len(data))])


@operator("object-grown")
def append_to_an_object(m: Mutant) -> None:
    path = m.draw.choice(m.sized())
    write(path, path.read_bytes() + m.draw.randbytes(m.draw.randint(1, 9)))


@operator("object-missing")
def delete_an_object(m: Mutant) -> None:
    m.draw.choice(m.objects()).unlink()


@operator("object-changed", "object-truncated", "object-grown", runs=8)
def swap_two_objects(m: Mutant) -> None:
    one, other = m.draw.sample(m.objects(), 2)
    first, second = one.read_bytes(), other.read_bytes()
    assert first != second
    write(one, second)
    write(other, first)


@operator("object-missing", runs=3)
def rename_an_object(m: Mutant) -> None:
    path = m.draw.choice(m.objects())
    name = m.draw.randbytes(32).hex()
    goes = m.root / "objects" / name[:2] / name[2:4] / name
    goes.parent.mkdir(parents=True)
    path.rename(goes)


@operator("object-extra", runs=3)
def plant_an_object(m: Mutant) -> None:
    put(m, m.draw.randbytes(50))


def put(m: Mutant, data: bytes) -> bytes:
    import hashlib

    digest = hashlib.sha256(data).digest()
    name = digest.hex()
    path = m.root / "objects" / name[:2] / name[2:4] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o400)
    return digest


@operator("object-foreign", runs=3)
def put_a_link_in_place_of_an_object(m: Mutant) -> None:
    path = m.draw.choice(m.objects())
    path.rename(m.root / "elsewhere")
    path.symlink_to(m.root / "elsewhere")


# Entries.


@operator("entry-missing", runs=8)
def delete_an_entry(m: Mutant) -> None:
    (last,) = m.one('SELECT max("index") FROM catalogue_entry')
    m.run('DELETE FROM catalogue_entry WHERE "index" = ?', m.draw.randrange(last))


@operator("ledger-rolled-back", runs=8)
def delete_the_newest_entries_and_what_covers_them(m: Mutant) -> None:
    size = m.draw.randint(2, 10)
    cut_down(m, size)


def cut_down(m: Mutant, size: int) -> None:
    """As if nothing after the first ``size`` entries had been: rows, hashes, heads."""
    kept = {key_of(level, at) for level in range(9) for at in range(size >> level)}
    with m.open() as database:
        database.execute('DELETE FROM catalogue_entry WHERE "index" >= ?', (size,))
        database.execute("DELETE FROM catalogue_head WHERE size > ?", (size,))
        for table in ("occurrence", "opening", "statement", "exclusion"):
            if table == "occurrence":
                gone = "SELECT id FROM catalogue_occurrence WHERE entry >= ?"
                database.execute(
                    f"DELETE FROM catalogue_leakedpath WHERE occurrence_id IN ({gone})", (size,)
                )
            database.execute(f"DELETE FROM catalogue_{table} WHERE entry >= ?", (size,))
        for (key,) in database.execute("SELECT key FROM catalogue_subtree").fetchall():
            if key not in kept:
                database.execute("DELETE FROM catalogue_subtree WHERE key = ?", (key,))
    database.close()
    for path in m.heads():
        if int(path.stem) > size:
            path.unlink()


@operator("entry-misplaced", "entry-missing", runs=8)
def reorder_two_entries(m: Mutant) -> None:
    (last,) = m.one('SELECT max("index") FROM catalogue_entry')
    one, other = m.draw.sample(range(last + 1), 2)
    for before, after in ((one, -1), (other, one), (-1, other)):
        m.run('UPDATE catalogue_entry SET "index" = ? WHERE "index" = ?', after, before)


@operator("entry-misplaced")
def move_every_later_entry_up(m: Mutant) -> None:
    """Delete one and close the gap."""
    (last,) = m.one('SELECT max("index") FROM catalogue_entry')
    at = m.draw.randrange(last)
    m.run('DELETE FROM catalogue_entry WHERE "index" = ?', at)
    for index in range(at + 1, last + 1):
        m.run('UPDATE catalogue_entry SET "index" = ? WHERE "index" = ?', index - 1, index)


@operator("entry-misplaced")
def insert_an_entry(m: Mutant) -> None:
    (last,) = m.one('SELECT max("index") FROM catalogue_entry')
    at = m.draw.randrange(1, last)
    for index in range(last, at - 1, -1):
        m.run('UPDATE catalogue_entry SET "index" = ? WHERE "index" = ?', index + 1, index)
    copy = 'INSERT INTO catalogue_entry SELECT ?, leaf, details, details_salt FROM catalogue_entry WHERE "index" = ?'
    m.run(copy, at, at - 1)


@operator("head-contradicted", runs=12)
def edit_a_leaf(m: Mutant) -> None:
    index, leaf = m.one('SELECT "index", leaf FROM catalogue_entry WHERE "index" < 8')
    said = json.loads(leaf)
    change = {
        "at": "2026-11-02T09:00Z",
        "agent": m.draw.randbytes(16).hex(),
        "action": "examined" if said["action"] != "examined" else "received",
        "object": m.draw.randbytes(32).hex(),
        "details": m.draw.randbytes(32).hex(),
    }
    member = m.draw.choice(sorted(change))
    said[member] = change[member]
    new = json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
    m.run('UPDATE catalogue_entry SET leaf = ? WHERE "index" = ?', new, index)


@operator("details-changed", "rotation-forged", runs=8)
def edit_the_details(m: Mutant) -> None:
    index, details = m.one('SELECT "index", details FROM catalogue_entry')
    said = json.loads(details)
    member = m.draw.choice(sorted(said))
    said[member] = "something else"
    new = json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
    m.run('UPDATE catalogue_entry SET details = ? WHERE "index" = ?', new, index)


@operator("details-changed")
def edit_the_salt_of_details(m: Mutant) -> None:
    index, salt = m.one('SELECT "index", details_salt FROM catalogue_entry')
    new = m.draw.choice([flipped(salt, m.draw), salt[:31], b"", salt + b"\0"])
    m.run('UPDATE catalogue_entry SET details_salt = ? WHERE "index" = ?', new, index)


@operator("objects-changed")
def edit_the_salt_of_an_occurrence(m: Mutant) -> None:
    key, salt = m.one("SELECT id, salt FROM catalogue_occurrence")
    new = m.draw.choice([flipped(salt, m.draw), salt[:31], b"", salt + b"\0"])
    m.run("UPDATE catalogue_occurrence SET salt = ? WHERE id = ?", new, key)


@operator("closed-unpurged")
def take_a_salt_away(m: Mutant) -> None:
    table, key = m.draw.choice([("occurrence", "id"), ("entry", '"index"')])
    salt = "salt" if table == "occurrence" else "details_salt"
    (one,) = m.one(f"SELECT {key} FROM catalogue_{table}")
    m.run(f"UPDATE catalogue_{table} SET {salt} = NULL WHERE {key} = ?", one)


@operator("subtree-changed", runs=8)
def edit_a_stored_hash(m: Mutant) -> None:
    key, value = m.one("SELECT key, hash FROM catalogue_subtree")
    m.run("UPDATE catalogue_subtree SET hash = ? WHERE key = ?", flipped(value, m.draw), key)


@operator("subtree-changed")
def delete_a_stored_hash(m: Mutant) -> None:
    m.run(
        "DELETE FROM catalogue_subtree WHERE key = ?", *m.one("SELECT key FROM catalogue_subtree")
    )


# The ledger rewritten by somebody with its key.


@operator("head-contradicted", runs=8)
def rewrite_the_ledger_and_sign_it_again(m: Mutant) -> None:
    """Another time in an early leaf; every hash and head made anew, in the files as well."""
    entries = m.rows('SELECT "index", leaf FROM catalogue_entry ORDER BY "index"')
    at = m.draw.randrange(4)
    leaves = [bytes(leaf) for _, leaf in entries]
    said = json.loads(leaves[at])
    said["at"] = f"2026-11-{m.draw.randint(10, 19)}T00:00Z"
    leaves[at] = json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
    m.run('UPDATE catalogue_entry SET leaf = ? WHERE "index" = ?', leaves[at], at)
    resign(m, leaves)


def resign(m: Mutant, leaves: list[bytes]) -> None:
    _, nodes = grow(EMPTY, leaves)
    sizes = [size for (size,) in m.rows("SELECT size FROM catalogue_head")]
    with m.open() as database:
        for node in nodes:
            row = (node.hash, key_of(node.level, node.position))
            database.execute("UPDATE catalogue_subtree SET hash = ? WHERE key = ?", row)
        for size in sizes:
            tree, _ = grow(EMPTY, leaves[:size])
            signed = sign(m.key, m.vault, size, tree.root(), AT)
            row = (signed.body(), signed.signature, size)
            database.execute(
                "UPDATE catalogue_head SET body = ?, signature = ? WHERE size = ?", row
            )
    database.close()
    for path in m.heads():
        tree, _ = grow(EMPTY, leaves[: int(path.stem)])
        signed = sign(m.key, m.vault, int(path.stem), tree.root(), AT)
        write(path, heads.to_file(signed))


@operator("head-contradicted")
def put_other_bytes_in_place_of_an_item_with_everything_that_follows(m: Mutant) -> None:
    """The thorough insider: object, item, name, commitment, leaf, hashes and heads all fit."""
    key, item, entry, position, salt = m.one(
        "SELECT o.id, o.item_id, o.entry, o.position, o.salt FROM catalogue_occurrence o JOIN"
        " catalogue_item i ON i.id = o.item_id WHERE o.entry < 6 AND i.size > 600"
    )
    ((old, size),) = m.rows("SELECT sha256, size FROM catalogue_item WHERE id = ?", item)
    digest = put(m, m.draw.randbytes(size))
    name = bytes(old).hex()
    (m.root / "objects" / name[:2] / name[2:4] / name).unlink()
    m.run("UPDATE catalogue_item SET sha256 = ? WHERE id = ?", digest, item)
    leaves = [
        bytes(leaf) for (leaf,) in m.rows('SELECT leaf FROM catalogue_entry ORDER BY "index"')
    ]
    for index in {
        e for (e,) in m.rows("SELECT entry FROM catalogue_occurrence WHERE item_id = ?", item)
    }:
        opened = m.rows(
            "SELECT o.salt, i.sha256 FROM catalogue_occurrence o JOIN catalogue_item i ON"
            " i.id = o.item_id WHERE o.entry = ? ORDER BY o.position",
            index,
        )
        said = json.loads(leaves[index])
        said["object"] = commit_objects([commit(s, d) for s, d in opened]).hex()
        leaves[index] = json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
        m.run('UPDATE catalogue_entry SET leaf = ? WHERE "index" = ?', leaves[index], index)
    resign(m, leaves)


@operator("ledger-rolled-back", runs=1)
def roll_the_whole_vault_back(m: Mutant) -> None:
    shutil.rmtree(m.root)
    shutil.copytree(m.early, m.root)


@operator("ledger-rolled-back", runs=1)
def roll_the_database_back(m: Mutant) -> None:
    shutil.copy2(m.early / "catalogue.sqlite", m.root / "catalogue.sqlite")


@operator("ledger-rolled-back", "head-contradicted", runs=3)
def roll_back_and_go_on(m: Mutant) -> None:
    """Set back, then used again: other entries stand where those of the heads stood."""
    shutil.rmtree(m.root)
    shutil.copytree(m.early, m.root)
    ws = bootstrap.settle(read(m.root))
    for number in range(m.draw.randint(1, 12)):
        add(ws, custodian_here(), NewUser(f"u{number}", frozenset({Role.EDITOR})))
    rest()


# Heads and keys.


@operator("head-forged", runs=8)
def flip_a_bit_of_a_head(m: Mutant) -> None:
    if m.draw.random() < 0.5:
        path = m.draw.choice(m.heads())
        data = path.read_bytes()
        at = m.draw.choice([i for i, byte in enumerate(data) if chr(byte) in "0123456789abcdef"])
        write(path, data[:at] + (b"0" if data[at] != ord("0") else b"1") + data[at + 1 :])
    else:
        size, column = (
            *m.one("SELECT size FROM catalogue_head"),
            m.draw.choice(["body", "signature"]),
        )
        ((value,),) = m.rows(f"SELECT {column} FROM catalogue_head WHERE size = ?", size)
        m.run(
            f"UPDATE catalogue_head SET {column} = ? WHERE size = ?", flipped(value, m.draw), size
        )


@operator("head-key-unknown")
def put_a_head_of_another_key_in_place(m: Mutant) -> None:
    stranger = SigningKey.from_seed(m.draw.randbytes(32))
    path = m.draw.choice(m.heads())
    now = parse(path.read_bytes()).head
    forged = sign(stranger, now.vault, now.size, now.root, now.at)
    if m.draw.random() < 0.5:
        write(path, heads.to_file(forged))
    else:
        values = (forged.body(), forged.signature, now.size)
        m.run("UPDATE catalogue_head SET body = ?, signature = ? WHERE size = ?", *values)


@operator("head-contradicted")
def put_a_head_over_other_entries_in_place(m: Mutant) -> None:
    path = m.draw.choice(m.heads())
    now = parse(path.read_bytes()).head
    write(path, heads.to_file(sign(m.key, now.vault, now.size, m.draw.randbytes(32), now.at)))


@operator("head-foreign", runs=3)
def put_a_head_of_another_vault_in_place(m: Mutant) -> None:
    path = m.draw.choice(m.heads())
    now = parse(path.read_bytes()).head
    write(path, heads.to_file(sign(m.key, m.draw.randbytes(16).hex(), now.size, now.root, now.at)))


@operator("head-missing", runs=3)
def delete_a_head_from_the_catalogue(m: Mutant) -> None:
    kept = [int(path.stem) for path in m.heads()]
    m.run("DELETE FROM catalogue_head WHERE size = ?", m.draw.choice(kept))


@operator("head-missing", runs=3)
def append_an_entry_without_the_key(m: Mutant) -> None:
    (last,) = m.one('SELECT max("index") FROM catalogue_entry')
    leaves = [bytes(one) for (one,) in m.rows('SELECT leaf FROM catalogue_entry ORDER BY "index"')]
    said = json.loads(leaves[0]) | {"index": last + 1, "agent": m.draw.randbytes(16).hex()}
    leaves.append(
        json.dumps(said | {"action": "tested"}, separators=(",", ":"), sort_keys=True).encode()
    )
    copy = 'INSERT INTO catalogue_entry SELECT ?, ?, details, details_salt FROM catalogue_entry WHERE "index" = 0'
    m.run(copy, last + 1, leaves[-1])
    for node in grow(EMPTY, leaves)[1]:
        with m.open() as database:
            row = (key_of(node.level, node.position), node.hash)
            database.execute("INSERT OR IGNORE INTO catalogue_subtree VALUES (?, ?)", row)
        database.close()


@operator("rotation-forged", runs=3)
def bring_in_another_key_by_a_second_first_entry(m: Mutant) -> None:
    """Without the vault's key: an entry that names one's own, and a head signed by it."""
    from daylight.ledger.leaf import Leaf, canonical, commit_details

    stranger = SigningKey.from_seed(m.draw.randbytes(32))
    leaves = [bytes(one) for (one,) in m.rows('SELECT leaf FROM catalogue_entry ORDER BY "index"')]
    body, salt = canonical({"vault": m.vault, "key": stranger.public.hex()}), m.draw.randbytes(32)
    agent = json.loads(leaves[0])["agent"]
    made = Leaf(len(leaves), AT, "vault-created", agent, 0, bytes(32), commit_details(salt, body))
    leaves.append(made.encode())
    tree, nodes = grow(EMPTY, leaves)
    m.run(
        "INSERT INTO catalogue_entry VALUES (?, ?, ?, ?)", len(leaves) - 1, leaves[-1], body, salt
    )
    signed = sign(stranger, m.vault, tree.size, tree.root(), AT)
    m.run("INSERT INTO catalogue_head VALUES (?, ?, ?)", tree.size, signed.body(), signed.signature)
    m.run("UPDATE catalogue_vault SET key = ?", stranger.public)
    with m.open() as database:
        for node in nodes:
            row = (key_of(node.level, node.position), node.hash)
            database.execute("INSERT OR IGNORE INTO catalogue_subtree VALUES (?, ?)", row)
    database.close()
    (m.root / "vault.keys").write_bytes(to_file(new_keys(), ""))


@operator("key-contradicted", runs=3)
def replace_the_keys(m: Mutant) -> None:
    (m.root / "vault.keys").write_bytes(to_file(new_keys(), ""))


@operator("keys-missing", runs=1)
def delete_the_keys(m: Mutant) -> None:
    (m.root / "vault.keys").unlink()


@operator("vault-changed", runs=1)
def give_the_vault_another_id(m: Mutant) -> None:
    path = m.root / "vault.toml"
    path.write_text(path.read_text().replace(m.vault, "ab" * 16))


# Rows.


@operator("objects-changed")
def delete_an_item_with_all_its_rows(m: Mutant) -> None:
    item, digest = m.one("SELECT id, sha256 FROM catalogue_item")
    with m.open() as database:
        gone = "SELECT id FROM catalogue_occurrence WHERE item_id = ?"
        database.execute(
            f"DELETE FROM catalogue_leakedpath WHERE occurrence_id IN ({gone})", (item,)
        )
        for table in ("rendition", "finding", "media", "holding", "opening", "occurrence"):
            database.execute(f"DELETE FROM catalogue_{table} WHERE item_id = ?", (item,))
        database.execute("DELETE FROM catalogue_item WHERE id = ?", (item,))
    database.close()
    name = bytes(digest).hex()
    (m.root / "objects" / name[:2] / name[2:4] / name).unlink()


@operator("item-unrecorded", runs=3)
def plant_an_item(m: Mutant) -> None:
    data = m.draw.randbytes(40)
    m.run("INSERT INTO catalogue_item VALUES (900, ?, ?, ?)", "ab" * 16, put(m, data), len(data))


@operator("objects-changed", "occurrence-changed")
def plant_an_item_with_its_rows(m: Mutant) -> None:
    data = m.draw.randbytes(40)
    m.run("INSERT INTO catalogue_item VALUES (900, ?, ?, ?)", "ab" * 16, put(m, data), len(data))
    m.run("INSERT INTO catalogue_holding (item_id, collection_id) VALUES (900, 1)")
    entry = m.draw.randrange(10)
    ((last,),) = m.rows("SELECT max(position) FROM catalogue_occurrence WHERE entry = ?", entry)
    position = 0 if last is None else last + 1
    columns = "id, item_id, accession_id, entry, position, salt, verified"
    values = (900, 900, 1, entry, position, m.draw.randbytes(32), True)
    m.run(f"INSERT INTO catalogue_occurrence ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", *values)
    copy = "INSERT INTO catalogue_leakedpath SELECT 900, 1, path, path_sha256, mtime_ns, mode FROM catalogue_leakedpath WHERE occurrence_id = 1"
    m.run(copy)


@operator("objects-changed")
def give_an_occurrence_another_item(m: Mutant) -> None:
    key, item = m.one("SELECT id, item_id FROM catalogue_occurrence")
    others = [one for (one,) in m.rows("SELECT id FROM catalogue_item") if one != item]
    m.run("UPDATE catalogue_occurrence SET item_id = ? WHERE id = ?", m.draw.choice(others), key)


@operator("objects-changed")
def renumber_occurrences(m: Mutant) -> None:
    for before, after in ((0, -1), (1, 0), (-1, 1)):
        m.run("UPDATE catalogue_occurrence SET position = ? WHERE position = ?", after, before)


@operator("objects-changed", runs=4)
def give_an_act_items_that_it_never_had(m: Mutant) -> None:
    """An entry that was done to nothing gets an opening, as if it had been done to an item."""
    leaves = m.rows('SELECT "index", leaf FROM catalogue_entry')
    entry = m.draw.choice([index for index, leaf in leaves if json.loads(leaf)["count"] == 0])
    (item,) = m.one("SELECT id FROM catalogue_item")
    columns = "entry, position, item_id, salt"
    values = (entry, 0, item, m.draw.randbytes(32))
    m.run(f"INSERT INTO catalogue_opening ({columns}) VALUES (?, ?, ?, ?)", *values)


@operator("opening-misplaced", runs=3)
def leave_gaps_between_occurrences(m: Mutant) -> None:
    m.run("UPDATE catalogue_occurrence SET position = position * 2 WHERE position > 0")


@operator("occurrence-changed")
def move_an_occurrence_to_another_accession(m: Mutant) -> None:
    key, before = m.one("SELECT id, accession_id FROM catalogue_occurrence")
    after = m.draw.choice([one for one in (1, 2, 3) if one != before])
    m.run("UPDATE catalogue_occurrence SET accession_id = ? WHERE id = ?", after, key)
    m.run("UPDATE catalogue_leakedpath SET accession_id = ? WHERE occurrence_id = ?", after, key)


@operator("size-contradicted", "object-truncated", "object-grown")
def edit_a_size(m: Mutant) -> None:
    (item,) = m.one("SELECT id FROM catalogue_item")
    by = m.draw.choice([-1, 1, 1000])
    m.run("UPDATE catalogue_item SET size = size + ? WHERE id = ?", by, item)


@operator("object-missing", "object-extra")
def flip_a_bit_of_a_digest(m: Mutant) -> None:
    table, column = m.draw.choice(
        [("item", "sha256"), ("rendition", "sha256"), ("media", "key_frames")]
    )
    key = "item_id" if table == "media" else "id"
    one, digest = m.one(f"SELECT {key}, {column} FROM catalogue_{table}")
    change = f"UPDATE catalogue_{table} SET {column} = ? WHERE {key} = ?"
    m.run(change, flipped(digest, m.draw), one)


@operator("statement-changed")
def edit_a_statement(m: Mutant) -> None:
    (key,) = m.one("SELECT id FROM catalogue_statement")
    m.run("UPDATE catalogue_statement SET value = 'from the ministry' WHERE id = ?", key)


@operator("row-orphan")
def delete_a_leaked_name(m: Mutant) -> None:
    (key,) = m.one("SELECT occurrence_id FROM catalogue_leakedpath")
    m.run("DELETE FROM catalogue_leakedpath WHERE occurrence_id = ?", key)


@operator("name-changed")
def edit_a_leaked_name(m: Mutant) -> None:
    key, path = m.one("SELECT occurrence_id, path FROM catalogue_leakedpath")
    new = flipped(path, m.draw)
    m.run("UPDATE catalogue_leakedpath SET path = ? WHERE occurrence_id = ?", new, key)


@operator("user-changed", runs=2)
def give_a_user_another_role(m: Mutant) -> None:
    role = m.draw.choice(["administrator", "counsel"])
    m.run("UPDATE catalogue_rolegrant SET role = ?", role)


@operator("row-unrecorded", runs=2)
def plant_a_user(m: Mutant) -> None:
    agent = m.draw.randbytes(16).hex()
    m.run(
        "INSERT INTO catalogue_user (password, username, agent, is_active, language, created)"
        " VALUES ('!', 'eve', ?, 1, '', '2026-11-24 00:00:00')",
        agent,
    )


@operator("accession-changed", runs=3)
def rename_an_accession(m: Mutant) -> None:
    m.run("UPDATE catalogue_accession SET name = 'another' WHERE id = ?", m.draw.randint(1, 3))


@operator("temp-left", runs=2)
def leave_something_in_the_spool(m: Mutant) -> None:
    (m.root / "spool" / m.draw.randbytes(8).hex()).mkdir()


@operator(
    "catalogue-corrupt",
    "catalogue-unreadable",
    "row-unreadable",
    "leaf-unreadable",
    "DatabaseError",
)
def overwrite_a_page_of_the_database(m: Mutant) -> None:
    path = m.root / "catalogue.sqlite"
    pages = path.stat().st_size // 4096
    with path.open("r+b") as file:
        file.seek(4096 * m.draw.randrange(1, pages))
        file.write(m.draw.randbytes(4096))


MUTANTS = [(name, run) for name, (_, _, runs) in OPERATORS.items() for run in range(runs)]


def test_there_are_enough_of_them():
    assert len(MUTANTS) >= 200
    assert len(OPERATORS) >= 40


def test_the_vault_itself_is_sound(sealed):
    assert told(sealed.root, sealed.outside) == []


def told(root: Path, outside: dict[str, SignedHead]) -> list[str]:
    """The faults' names, or that of the error where nothing can be checked."""
    ws = bootstrap.settle(read(root))
    try:
        principal = custodian_here()
    except DatabaseError:  # the program ends with exit code 4
        return ["DatabaseError"]
    report = verify(ws, principal, VerifyRequest(against=outside), Silent())
    connections.close_all()
    return sorted({one.name for one in report.faults})


def state(root: Path) -> dict[str, bytes]:
    """Everything of a vault that an operator could change."""
    found = {}
    for at, folders, names in os.walk(root):
        for name in [*folders, *names]:
            path = Path(at, name)
            plain = path.is_file() and not path.is_symlink() and path.suffix != ".lock"
            if not name.endswith((".lock", "-wal", "-shm")):
                found[os.fspath(path.relative_to(root))] = path.read_bytes() if plain else b""
    return found


@pytest.mark.parametrize(("name", "run"), MUTANTS, ids=str)
def test_every_mutant_is_found(sealed, tmp_path, name, run):
    change, right, _ = OPERATORS[name]
    root = tmp_path / "vault"
    shutil.copytree(sealed.root, root)
    before = state(root)
    change(Mutant(root, sealed.early, random.Random(f"{SEED} {name} {run}")))
    assert state(root) != before, "the operator changed nothing"
    assert right & set(told(root, sealed.outside))
