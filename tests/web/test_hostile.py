"""Every address of the table with headers that make no sense and parts of paths that are none.

What a form's fields may hold is tried in ``test_fuzz``; here it is all else that a stranger writes himself.
A view that raises makes the test client raise: nothing is caught here.
"""

import re

import pytest

from daylight.domain.principal import Role
from daylight.errors import MediaRefused
from daylight.web import frames, jobs, play
from tests.web.rooms import Room
from tests.web.test_access import PLACES, _real, table

LONG = "9" * 5000
HEADERS = {
    "Range": ["bytes=-1", "bytes=5-2", "bytes=999999999999-", "bytes=" + "0-1," * 500, "\xff"],
    "If-None-Match": ["*", '"', "W/" * 2000],
    "If-Modified-Since": ["Sat, 99 Foo 99999 00:00:00 GMT", "0"],
    "Accept-Language": ["zz;q=9,\xff", "x" * 4000],
    "Content-Type": ["text/plain; charset=utf-16", "multipart/form-data", "\xff/\xfe", "application/json"],
    "Cookie": ["sessionid=%00; csrftoken=\xff", "=;" * 500, "daylight=" + LONG],
    "Referer": ["\xff\xfe", "javascript:0"],
    "Origin": ["null", "http://[", "\xff"],
    "HX-Request": ["\xff", LONG],
    "HX-Current-URL": ["\xff", "//"],
    "Accept": ["text/html;q=\xff"],
    "X-Requested-With": ["\xff"],
}  # fmt: skip
ODD = [b"0" * 32, LONG.encode(), b"a\0b", b"\xff\xfe", b"\xed\xa0\x80", b"..", b"%2e%2e", "٣".encode(), b"-1", b"'", b"\r\nX: 1"]  # fmt: skip
NUMBERS = [b"0", b"007", b"-1", b"9223372036854775808", LONG.encode(), "٣".encode(), b"1e9", b"\0"]
MODES = [b"clear-sound", b"shielded-small", b"CLEAR", b"soft", b"clear\0", b"\xff", b""]


ENDING = ("/logout/", "/account/end/", "/login/")  # of the session


@pytest.fixture
def quiet(monkeypatch):
    """Where pictures would be made nothing is: what is asked for is looked at before that."""

    def refuse(*_, **__):
        raise MediaRefused("nothing is made here")

    for name in ("playlist", "segment"):
        monkeypatch.setattr(play.watch, name, refuse)
    for name in ("at_moment", "at_number", "still", "grab"):
        monkeypatch.setattr(frames.frames, name, refuse)
    monkeypatch.setattr(jobs.preview, "preview", refuse)


@pytest.fixture
def someone(room: Room, quiet):
    """A client of somebody with every right, and an item whose shield is lifted."""
    item = room.item(1)
    client = room.as_(*Role)
    for part in ("player", "pictures"):
        client.post(f"/items/{item.public_id}/lift/", {"part": part})
    return client, item.public_id


def ask(client, method: str, path: bytes, **more):
    """``path``: as it comes from the wire, percents undone."""
    address, _, query = path.partition(b"?")
    return client.generic(
        method, "/", b"", PATH_INFO=address.decode("latin-1"), QUERY_STRING=query.decode("latin-1"), **more
    )  # fmt: skip


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_no_header_breaks_an_address(room: Room, someone, name):
    client, item = someone
    for address, method, _ in table():
        if address in ENDING:
            continue
        real = _real(room, address, item)
        for value in HEADERS[name]:
            answer = ask(client, method, real.encode(), headers={name: value})
            assert answer.status_code < 500, (method, address, name, value[:40])


def test_no_part_of_a_path_breaks_it(room: Room, someone):
    """Parts that are no name, no number and no text, in each place of each address."""
    client, item = someone
    tried = 0
    for address, method, _ in table():
        if address in ENDING:
            continue
        for path in _broken(address.encode(), item.encode()):
            answer = ask(client, method, path)
            assert answer.status_code < 500, (method, path[:80])
            if method == "GET" and answer.status_code == 200 and not answer.streaming:
                assert b"\xed\xa0\x80" not in answer.content
            tried += 1
    assert tried > 400


def _broken(address: bytes, item: bytes):
    for place in PLACES:
        pattern = rb"\b" + place.encode() + rb"\b"
        if re.search(pattern, address):
            for odd in ODD:
                yield re.sub(pattern, lambda _, odd=odd: odd, address)
    here = re.sub(rb"\bID\b", item, address)
    for mode in MODES:
        if b"/shielded/" in here:
            yield here.replace(b"/shielded/", b"/" + mode + b"/")
    for number in NUMBERS:
        if re.search(rb"/0\b", here):
            yield re.sub(rb"/0\b", lambda _, number=number: b"/" + number, here)
        if b"?" in here:
            yield re.sub(rb"=.*", lambda _, number=number: b"=" + number, here)
