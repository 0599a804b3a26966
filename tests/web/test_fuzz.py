"""Every address with whatever a browser, or somebody who wants to break in, may send: no 500, ever.

A view that raises makes the test client raise: nothing is caught here.
"""

import re
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daylight.domain.principal import Role
from daylight.errors import MediaRefused
from daylight.web import play, preview
from tests.web.rooms import Room
from tests.web.test_access import FORM, _real, table

FIELDS = (
    *FORM, "start", "end", "tags", "region", "sureness", "severity", "note", "reason", "q", "camera",
    "since", "until", "before", "after", "state", "accession", "at_most", "without", "from", "to",
    "columns", "fold", "crowd", "t", "next", "blur", "colour", "large", "sound", "seconds", "at", "password", "pause", "budget_3", "text", "old", "new", "again", "token", "code",
    "base", "name", "state", "why", "person", "box", "shape", "corners", "do", "number", "bodies", "how",
)  # fmt: skip
ODD = st.one_of(
    st.sampled_from(
        [
            "", "0", "-1", "1e9", "99999999999999999999", "1:02:03.5", "::", "NaN", "inf", "\0", "\x1b[31m",
            "<script>alert(1)</script>", "' OR 1=1 --", '"', "*", "-", "[[0,0,0,1,1]]", "[" * 3000, "{}",
            "null", "[[1,2,3,4]]", "[[0,0,0,20000,1]]", "9" * 400, "0001-01-01", "9999-12-31", "mark",
            "severity", "description", "4", "start", "hand", "draw", "decide", "covered", "[0,0,5000,5000]", "torture", "\u202eabc", "a" * 30000, "//evil.example/", "ﬁ*",
        ]
    ),
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.integers().map(str),
)  # fmt: skip


@pytest.fixture
def visitors(room: Room, monkeypatch):
    def refuse(*_, **__):
        raise MediaRefused("nothing is played here")

    monkeypatch.setattr(play.watch, "playlist", refuse)
    monkeypatch.setattr(play.watch, "segment", refuse)
    monkeypatch.setattr(preview.preview, "preview", refuse)
    item = room.item(1)
    room.item(2)
    known = [
        (_real(room, address, item.public_id), method)
        for address, method, _ in table()
        if not re.search(r"logout|enter", address)
    ]
    clients = [room.as_(role) for role in (Role.ARCHIVIST, Role.ANALYST, Role.COUNSEL)]
    return clients, known


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_form_and_no_address_breaks_it(visitors, data):
    clients, known = visitors
    address, method = data.draw(st.sampled_from(known))
    values = data.draw(st.dictionaries(st.sampled_from(FIELDS), ODD, max_size=6))
    part = data.draw(st.booleans())
    client = data.draw(st.sampled_from(clients))
    headers = {"HX-Request": "true"} if part else {}
    path = address.partition("?")[0]
    ask = client.post if method == "POST" else client.get
    filled = {**FORM, **values} if method == "POST" else values
    answer = ask(path, filled, headers=headers)
    assert answer.status_code < 500, (path, values)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.text(st.characters(codec="utf-8", exclude_characters="?#"), max_size=40))
def test_no_made_up_address_breaks_it(visitors, path):
    clients, known = visitors
    for begin in ("/", "/items/", "/marks/", f"{known[-1][0]}"):
        # the client itself takes "//[" for a host's name
        assert clients[0].get(begin + quote(path.lstrip("/"))).status_code < 500
