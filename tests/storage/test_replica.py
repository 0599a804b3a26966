"""A replica against a host that swaps, drops, cuts and rolls back; and the slots of its states."""

import dataclasses
import json
import os

import pytest

from daylight.crypto.sealed import name_key, seal, sealed_name
from daylight.domain.digest import digest_of
from daylight.errors import ReplicaDamaged, ReplicaForeign, ReplicaMissing, ReplicaVersion
from daylight.storage.names import NameTable
from daylight.storage.remote_objects import MemoryRemote
from daylight.storage.replica import Replica

KEY, VAULT = bytes(range(32)), "0" * 32


@pytest.fixture
def remote():
    return MemoryRemote(nothing_kept_here_matters=True)


@pytest.fixture
def replica(remote):
    return Replica(remote, KEY)


def finish(replica, before, state: bytes):
    number = before.number + 1
    sha256, size = replica.put_state(number % 2, iter([state]))
    made = dataclasses.replace(before, number=number, state_sha256=sha256, state_bytes=size)
    replica.finish(made)
    return made


def read(remote, name) -> bytes:
    return b"".join(remote.get(name))


def test_an_object_comes_back_and_its_name_tells_nothing(replica, remote):
    data = os.urandom(2_000_000)
    digest = digest_of(data)
    replica.put_object(digest, [data])
    assert b"".join(replica.object(digest)) == data
    ((name, size),) = remote.list()
    assert name == replica.name(digest) != digest.hex()
    kept = read(remote, name)
    assert size == len(kept) > len(data)
    assert digest not in kept
    assert data[:16] not in kept


def test_two_objects_that_the_host_swaps_do_not_open(replica, remote):
    digests = [digest_of(b"a"), digest_of(b"b")]
    for digest, data in zip(digests, (b"a", b"b"), strict=True):
        replica.put_object(digest, [data])
    one, other = (read(remote, replica.name(d)) for d in digests)
    remote.put(replica.name(digests[0]), iter([other]))
    remote.put(replica.name(digests[1]), iter([one]))
    for digest in digests:
        with pytest.raises(ReplicaDamaged):
            list(replica.object(digest))


def test_an_object_that_was_sealed_with_other_bytes_is_refused(replica):
    """Not the host's doing: whoever has the key could have sent a broken object."""
    replica.put_object(digest_of(b"good"), [b"bad"])
    with pytest.raises(ReplicaDamaged):
        list(replica.object(digest_of(b"good")))


def test_an_empty_place_is_no_replica_until_it_begins(replica):
    with pytest.raises(ReplicaMissing):
        replica.newest()
    begun = replica.begin(VAULT)
    assert (begun.vault, begun.number) == (VAULT, 0)
    assert replica.newest() == replica.begin(VAULT) == begun
    with pytest.raises(ReplicaMissing):
        replica.state(begun)


def test_another_key_or_another_vault_is_foreign(replica, remote):
    replica.begin(VAULT)
    with pytest.raises(ReplicaForeign):
        replica.begin("1" * 32)
    before = dict(remote.list())
    for act in (lambda r: r.newest(), lambda r: r.begin(VAULT)):
        with pytest.raises(ReplicaForeign):
            act(Replica(remote, bytes(32)))
    assert dict(remote.list()) == before


def test_states_take_turns_and_the_one_before_stays(replica, remote):
    current = replica.begin(VAULT)
    for number in range(1, 6):
        current = finish(replica, current, b"state %d" % number)
        assert replica.newest().number == number
        assert b"".join(replica.state(replica.newest())) == b"state %d" % number
        assert len(dict(remote.list())) <= 4


def test_a_run_that_is_cut_short_leaves_the_state_before(replica):
    current = finish(replica, replica.begin(VAULT), b"first")
    replica.put_state((current.number + 1) % 2, iter([b"second"]))  # and no manifest
    assert b"".join(replica.state(replica.newest())) == b"first"


def test_an_older_state_in_the_newest_slot_is_found(replica, remote):
    current = finish(replica, replica.begin(VAULT), b"first")
    names = {name: read(remote, name) for name, _ in remote.list()}
    current = finish(replica, finish(replica, current, b"second"), b"third")
    (state,) = [n for n, d in names.items() if n in dict(remote.list()) and len(d) == 5 + 32 + 16]
    remote.put(state, iter([names[state]]))
    with pytest.raises(ReplicaDamaged):
        list(replica.state(replica.newest()))


def test_damaged_manifests_are_named_and_a_new_run_mends_them(replica, remote):
    finish(replica, replica.begin(VAULT), b"first")
    for name, _ in remote.list():
        data = bytearray(read(remote, name))
        data[-1] ^= 1
        remote.put(name, iter([bytes(data)]))
    with pytest.raises(ReplicaDamaged):
        replica.newest()
    begun = replica.begin(VAULT)
    assert b"".join(replica.state(finish(replica, begun, b"again"))) == b"again"


def test_lost_manifests_are_written_anew_where_our_objects_lie(replica, remote):
    replica.begin(VAULT)
    (manifest,) = dict(remote.list())
    replica.put_object(digest_of(b"a"), [b"a"])
    remote.delete(manifest)
    for known in ([], [digest_of(b"b")]):
        with pytest.raises(ReplicaForeign):
            replica.begin(VAULT, known)
    assert replica.begin(VAULT, [digest_of(b"b"), digest_of(b"a")]).number == 0
    assert replica.newest().vault == VAULT


def test_one_damaged_manifest_leaves_the_other(replica, remote):
    first = finish(replica, replica.begin(VAULT), b"first")
    second = finish(replica, first, b"second")
    name = sealed_name(name_key(KEY), "manifest", bytes([second.slot]))
    remote.put(name, iter([read(remote, name)[:-1]]))
    assert b"".join(replica.state(replica.newest())) == b"first"


def test_a_newer_version_is_named(replica, remote):
    manifest = replica.begin(VAULT)
    (name,) = dict(remote.list())
    body = json.dumps({"schema": "replica/2", "whatever": manifest.number}).encode()
    remote.put(name, seal([body], KEY, name))
    for act in (replica.newest, lambda: replica.begin(VAULT)):
        with pytest.raises(ReplicaVersion):
            act()


def test_a_manifest_without_end_is_refused(replica, remote):
    replica.begin(VAULT)
    (name,) = dict(remote.list())
    remote.put(name, seal([bytes(1 << 20)] * 2, KEY, name))
    with pytest.raises(ReplicaDamaged):
        replica.newest()


def test_forgetting_takes_the_object_and_the_state_before(replica, remote):
    first = finish(replica, replica.begin(VAULT), b"first")
    replica.put_object(digest_of(b"a"), [b"a"])
    second = finish(replica, first, b"second")
    replica.forget(replica.name(digest_of(b"a")))
    replica.forget_other_state(second)
    assert len(dict(remote.list())) == 2
    assert b"".join(replica.state(replica.newest())) == b"second"
    with pytest.raises(KeyError):
        list(replica.object(digest_of(b"a")))


def test_the_table_of_names(replica, remote):
    for data in (b"", b"x", bytes(100)):
        replica.put_object(digest_of(data), [data])
    with NameTable(remote.list()) as held:
        assert held.size_of(replica.name(digest_of(b"x"))) == 32 + 1 + 16
        assert held.size_of("00" * 32) is None
