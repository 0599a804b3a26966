"""Seals from wanted to made, through everything that goes wrong between, on each kind of catalogue."""

import dataclasses
import datetime as dt
import hashlib
import json

import pytest
from django.db import transaction

from daylight.catalogue.ledger_rows import entries, head_at
from daylight.catalogue.models import Authority, Entry, Seal
from daylight.crypto.vault_keys import new_keys, to_file
from daylight.domain.principal import Role, custodian, rights_of
from daylight.errors import (
    AuthorityUnreachable,
    Forbidden,
    InputRefused,
    KeyLocked,
    SealRefused,
    UsageError,
    VaultBusy,
)
from daylight.services import authorities, heads, seal
from daylight.services.authorities import NewAuthority
from daylight.services.keyring import Keyring
from daylight.services.record import record
from daylight.services.seals_report import seals_report
from daylight.storage.layout import lock
from tests.authority import Chain, stamp

CHAIN, OTHER = Chain(), Chain()
PEM = CHAIN.root.pem
URL = "http://tsa.example/"


class Authorities:
    """A transport that answers by host name: a chain's honest tokens, or what is put in its place."""

    def __init__(self):
        self.answers = {}
        self.asked = []

    def post(self, url, body):
        self.asked.append(url)
        answer = self.answers.get(url, lambda query: stamp(CHAIN, query))
        return answer(body)


def absent(_):
    raise AuthorityUnreachable("the authority at tsa.example does not answer: no network")


@pytest.fixture
def net():
    return Authorities()


def add(ws, principal, *names):
    for name in names:
        url = f"http://{name}.example/"
        authorities.add(ws, principal, NewAuthority(name, url, PEM))


def sealed(ws, principal, net, **options):
    seal.want(ws, principal)
    return seal.make(ws, principal, net, **options)


def later(ws, **span):
    return dataclasses.replace(ws, clock=lambda: dt.datetime.now(dt.UTC) + dt.timedelta(**span))


def faults(ws) -> list[str]:
    return sorted({one.name for one in seals_report(ws).faults})


def test_a_seal_is_made_kept_and_entered(any_ws, net):
    from daylight.catalogue.queries.vault import custodian_here

    ws, principal = any_ws, custodian_here()
    add(ws, principal, "one")
    head = heads.current()
    (outcome,) = sealed(ws, principal, net)
    assert (outcome.authority, outcome.size, outcome.error) == ("one", head.head.size, None)
    assert outcome.token.imprint == hashlib.sha256(head.body()).digest()
    held = ws.layout.heads / f"{head.head.size}.one.tsr"
    assert held.read_bytes() == outcome.token.der
    assert heads.from_file(ws.layout.heads / f"{head.head.size}.json") == head
    row = Seal.objects.get()
    assert bytes(row.token) == outcome.token.der
    last = entries(row.entry)[0]
    assert last.action == "sealed"
    assert json.loads(last.details) == {
        "authority": "one",
        "size": head.head.size,
        "root": head.head.root.hex(),
        "token": hashlib.sha256(outcome.token.der).hexdigest(),
        "on": outcome.token.gen_time.date().isoformat(),
    }
    report = seals_report(ws)
    assert (report.checked, report.faults) == (1, ())
    (state,) = report.authorities
    assert (state.made, state.last.size, state.wanted) == (1, head.head.size, None)


def test_authorities_do_not_depend_on_each_other(ws, principal, net):
    add(ws, principal, "one", "three", "two")
    net.answers["http://one.example/"] = absent
    net.answers["http://two.example/"] = lambda query: stamp(OTHER, query)
    size = heads.current().head.size
    outcomes = {one.authority: one for one in sealed(ws, principal, net)}
    assert isinstance(outcomes["one"].error, AuthorityUnreachable)
    assert outcomes["two"].error.check == "chain"
    assert outcomes["three"].token is not None
    assert {one.size for one in outcomes.values()} == {size}
    report = seals_report(ws)
    wanted = {one.name: one.wanted and one.wanted.last_error for one in report.authorities}
    assert wanted == {"one": "authority-unreachable", "two": "seal-refused:chain", "three": None}
    assert report.faults == ()
    assert not (ws.layout.heads / f"{size}.two.tsr").exists()


def test_without_a_network_the_seal_is_made_later(ws, principal, net):
    add(ws, principal, "one")
    net.answers["http://one.example/"] = absent
    assert sealed(ws, principal, net)[0].token is None
    net.answers.clear()
    (made,) = seal.make(ws, principal, net)
    assert made.token is not None
    assert seal.make(ws, principal, net) == []


def test_pauses_grow_and_end(ws, principal, net):
    add(ws, principal, "one")
    net.answers["http://one.example/"] = absent
    sealed(ws, principal, net)
    pauses = []
    for _ in range(9):
        row = Seal.objects.get()
        moment = row.next_try
        assert seal.make(dataclasses.replace(ws, clock=lambda m=moment: m - dt.timedelta(seconds=1)),
                         principal, net, only_due=True) == []  # fmt: skip
        then = dataclasses.replace(ws, clock=lambda m=moment: m)
        assert len(seal.make(then, principal, net, only_due=True)) == 1
        pauses.append(Seal.objects.get().next_try - moment)
    assert pauses == sorted(pauses)
    assert pauses[0] == 2 * seal.FIRST_PAUSE
    assert pauses[-1] == seal.LONGEST_PAUSE


def test_a_later_head_takes_the_place_of_one_that_is_still_wanted(ws, principal, net):
    add(ws, principal, "one")
    net.answers["http://one.example/"] = absent
    sealed(ws, principal, net)
    with transaction.atomic():
        record(ws, principal.agent, "user-added", details={"user": "x"})
    seal.want(ws, principal)
    assert [row.size for row in Seal.objects.all()] == [heads.current().head.size]


def test_a_head_that_is_sealed_twice_keeps_its_seal(ws, principal, net):
    add(ws, principal, "one")
    (made,) = sealed(ws, principal, net)
    Seal.objects.create(authority=Authority.objects.get(), size=heads.current().head.size,
                        wanted=ws.clock(), next_try=ws.clock())  # fmt: skip
    seal.want(ws, principal)
    assert Seal.objects.exclude(token=None).get().size == made.size
    assert Seal.objects.count() == 2


def test_a_token_that_was_not_entered_is_taken_up(ws, principal, net, monkeypatch):
    """As ``kill -9`` leaves it: the file is there, the row is not changed."""
    add(ws, principal, "one")
    seal.want(ws, principal)

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(seal, "_enter", die)
        seal.make(ws, principal, net)
    assert faults(ws) == []
    assert Seal.objects.get().token is None
    assert seal.make(ws, principal, net) == []  # nobody is asked again
    assert len(net.asked) == 1
    assert Seal.objects.get().token is not None
    assert faults(ws) == []


def test_a_kept_token_is_not_lost_when_a_later_head_is_wanted(ws, principal, net, monkeypatch):
    add(ws, principal, "one")
    seal.want(ws, principal)
    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr(seal, "_enter", lambda *_: 1 / 0)
        seal.make(ws, principal, net)
    seal.want(ws, principal)
    assert Seal.objects.exclude(token=None).count() == 1
    assert faults(ws) == []


def test_a_false_token_that_lies_there_is_not_taken_up(ws, principal, net):
    add(ws, principal, "one")
    size = heads.current().head.size
    seal.want(ws, principal)
    (ws.layout.heads / f"{size}.one.tsr").write_bytes(b"anything")
    (made,) = seal.make(ws, principal, net)
    assert (ws.layout.heads / f"{size}.one.tsr").read_bytes() == made.token.der
    assert faults(ws) == []


def test_a_clock_that_is_wrong_is_told(ws, principal, net):
    add(ws, principal, "one")
    for span in ({"minutes": 20}, {"minutes": -20}):
        ahead = later(ws, **span)
        with transaction.atomic():  # a head that bears the wrong minute
            record(ahead, principal.agent, "user-added", details={"user": "x"})
        (outcome,) = sealed(ahead, principal, net)
        assert outcome.error.check == "time"


def test_a_token_for_another_head_is_refused(ws, principal, net):
    """The authority answers with what it gave for an earlier one."""
    add(ws, principal, "one")
    (first,) = sealed(ws, principal, net)
    net.answers["http://one.example/"] = lambda _: first.token.der
    (second,) = sealed(ws, principal, net)
    assert second.error.check in {"nonce", "imprint"}
    assert faults(ws) == []


def test_two_processes_do_not_seal_at_once(ws, principal, net):
    add(ws, principal, "one")
    seal.want(ws, principal)
    with lock(ws.layout, seal.LOCK), pytest.raises(VaultBusy):
        seal.make(ws, principal, net)
    assert net.asked == []


def test_nobody_is_asked_while_the_key_is_locked(ws, principal, net):
    add(ws, principal, "one")
    seal.want(ws, principal)
    ws.layout.write_keys(to_file(new_keys(), "a passphrase"))
    locked = dataclasses.replace(ws, keyring=Keyring(ws.layout, lambda: ""))
    with pytest.raises(KeyLocked):
        seal.make(locked, principal, net)
    assert net.asked == []


def test_without_an_authority_it_is_wrong_use(ws, principal, net):
    for call in (lambda: seal.want(ws, principal), lambda: seal.make(ws, principal, net)):
        with pytest.raises(UsageError, match="seal add"):
            call()
    add(ws, principal, "one")
    with pytest.raises(UsageError, match="'two'"):
        seal.want(ws, principal, ["two"])


@pytest.mark.parametrize("name", ["", "One", "a b", "../x", "a" * 33, "ä", "a.b", "one\n"])
def test_a_name_is_plain(ws, principal, name):
    with pytest.raises(UsageError):
        authorities.add(ws, principal, NewAuthority(name, URL, PEM))


def test_an_authority_needs_a_root(ws, principal):
    for certificate in (b"", b"\xff\xfe", CHAIN.middle.pem):
        with pytest.raises(InputRefused):
            authorities.add(ws, principal, NewAuthority("one", URL, certificate))
    assert not Authority.objects.exists()


def test_adding_and_removing_are_entries(ws, principal, net):
    add(ws, principal, "one", "two")
    sealed(ws, principal, net)
    net.answers["http://two.example/"] = absent
    sealed(ws, principal, net)
    authorities.remove(ws, principal, "two")
    added, *_, removed = [one for one in entries() if one.action.startswith("authority")]
    assert json.loads(added.details) == {
        "authority": "one",
        "url": "http://one.example/",
        "certificate": hashlib.sha256(PEM).hexdigest(),
        "policy": "",
    }
    assert (removed.action, json.loads(removed.details)) == (
        "authority-removed",
        {"authority": "two"},
    )
    report = seals_report(ws)
    assert (report.checked, report.faults) == (3, ())  # a removed one's seals go on being checked
    with pytest.raises(UsageError):
        authorities.remove(ws, principal, "two")
    with pytest.raises(UsageError, match="is or was"):
        add(ws, principal, "two")
    with pytest.raises(UsageError):
        add(ws, principal, "one")


def test_rights(ws, principal, net):
    analyst = dataclasses.replace(
        custodian(principal.agent), rights=rights_of(frozenset({Role.ANALYST}))
    )
    for call in (
        lambda: add(ws, analyst, "one"),
        lambda: authorities.remove(ws, analyst, "one"),
        lambda: seal.want(ws, analyst),
        lambda: seal.make(ws, analyst, net),
    ):
        with pytest.raises(Forbidden):
            call()


# What a keeper, or an accident, does to seals that were made.


@pytest.fixture
def kept(ws, principal, net):
    add(ws, principal, "one")
    sealed(ws, principal, net)
    sealed(ws, principal, net)
    assert faults(ws) == []
    return ws


def path_of(ws):
    return min(ws.layout.heads.glob("*.tsr"))


def spoil_file(ws):
    path_of(ws).write_bytes(path_of(ws).read_bytes()[:-1] + b"\0")


def spoil_row(ws):
    row = Seal.objects.order_by("size").first()
    Seal.objects.filter(pk=row.pk).update(token=bytes(row.token)[:-1] + b"\0")


def swap(ws):
    one, two = Seal.objects.order_by("size")
    Seal.objects.filter(pk=one.pk).update(token=two.token)


def backdate(ws):
    Seal.objects.update(gen_time=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))


def lose_file(ws):
    path_of(ws).unlink()


def lose_row(ws):
    Seal.objects.order_by("size").first().delete()


def lose_row_and_file(ws):
    """The seal that contradicts, with all that shows it; the entry cannot go."""
    row = Seal.objects.order_by("size").first()
    (ws.layout.heads / f"{row.size}.one.tsr").unlink()
    row.delete()


def lose_head_file(ws):
    path_of(ws).with_name(path_of(ws).name.split(".")[0] + ".json").unlink()


def other_head_file(ws):
    first, second = sorted(ws.layout.heads.glob("*.json"))[:2]
    first.write_bytes(second.read_bytes())


def lose_head(ws):
    from daylight.catalogue.models import Head

    Head.objects.filter(size=Seal.objects.order_by("size").first().size).delete()


def own_root(ws):
    Authority.objects.update(certificate=OTHER.root.pem.decode())


def own_token(ws):
    """The keeper seals by an authority of his own making, and trusts it."""
    from daylight.ledger.seal import request_for

    own_root(ws)
    for row in Seal.objects.all():
        token = stamp(OTHER, request_for(head_at(row.size).body()).der)
        Seal.objects.filter(pk=row.pk).update(token=token)
        (ws.layout.heads / f"{row.size}.one.tsr").write_bytes(token)


def no_root(ws):
    Authority.objects.update(certificate="")


def raw(statement):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.execute(statement)


def lose_authority(ws):
    raw("DELETE FROM catalogue_authority")


def broken_head(ws):
    raw("UPDATE catalogue_head SET body = x'00'")


def broken_entry(ws):
    raw("UPDATE catalogue_entry SET details = x'ff'")


def broken_leaf(ws):
    raw("UPDATE catalogue_entry SET leaf = x'ff'")


def huge_file(ws):
    path_of(ws).write_bytes(bytes(10_000_000))


def other_entry(ws):
    Entry.objects.filter(index=Seal.objects.order_by("size").first().entry).update(details=b"{}")


@pytest.mark.parametrize(
    ("spoil", "finds"),
    [
        (spoil_file, {"seal-file-changed"}),
        (spoil_row, {"seal-broken", "seal-file-changed"}),
        (swap, {"seal-broken", "seal-file-changed"}),
        (backdate, {"seal-contradicted"}),
        (lose_file, {"seal-file-missing"}),
        (lose_row, {"seal-unknown", "seal-missing"}),
        (lose_row_and_file, {"seal-missing"}),
        (lose_head_file, {"seal-head-file"}),
        (other_head_file, {"seal-head-file"}),
        (lose_head, {"seal-head-missing"}),
        (own_root, {"authority-changed", "seal-broken"}),
        (own_token, {"authority-changed", "seal-contradicted"}),
        (no_root, {"authority-changed"}),
        (other_entry, {"seal-contradicted"}),
        (lose_authority, {"authority-missing", "seal-unknown"}),
        (broken_head, {"seal-head-missing"}),
        (broken_entry, {"authority-changed", "seal-contradicted"}),
        (broken_leaf, {"authority-changed", "seal-contradicted"}),
        (huge_file, {"seal-file-changed"}),
    ],
)
def test_what_was_done_to_a_seal_is_named(kept, spoil, finds):
    spoil(kept)
    assert set(faults(kept)) == finds


def test_one_changed_byte_of_a_kept_token_is_always_found(kept):
    row = Seal.objects.order_by("size").first()
    whole = bytes(row.token)
    for place in range(0, len(whole), 37):
        changed = bytearray(whole)
        changed[place] ^= 1
        Seal.objects.filter(pk=row.pk).update(token=bytes(changed))
        path_of(kept).write_bytes(bytes(changed))
        assert faults(kept), place
    assert SealRefused("form", "x").check == "form"
