"""Every form and every address with whatever a browser, or somebody who wants to break in, may send.

The forms are read from the room's own pages, so that a field that is added is tried as well. Each is sent
by every role, by every method, in every way of writing a form: no 500 ever, and nothing comes back as markup.
A view that raises makes the test client raise: nothing is caught here.
"""

import json
import re
from urllib.parse import quote, urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import Resolver404, resolve
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from daylight.domain.principal import Role
from daylight.errors import MediaRefused
from daylight.web import jobs, play
from daylight.web.urls import urlpatterns
from tests.web.forms import Field, Form, distinct, forms_of
from tests.web.rooms import Room
from tests.web.test_access import _real, table

MARKUP = "<script>fuzz(1)</script>\"'><img src=x onerror=fuzz(2)>"
TOKEN = "csrfmiddlewaretoken"
ODD = st.one_of(
    st.sampled_from(
        [
            "", "0", "-1", "1e9", "99999999999999999999", "1:02:03.5", "::", "NaN", "inf", "\0", "\x1b[31m",
            MARKUP, "' OR 1=1 --", '"', "*", "-", "[[0,0,0,1,1]]", "[" * 3000, "{}", "²", "٣", "١:٢",
            "null", "[[1,2,3,4]]", "[[0,0,0,20000,1]]", "9" * 400, "0001-01-01", "9999-12-31", "mark",
            "severity", "description", "4", "torture", "\u202eabc", "a" * 30000, "//evil.example/", "ﬁ*",
            "../../x", "%00", "\ud800", "on", "start", "hand", "draw", "decide", "covered", "[0,0,5000,5000]",
        ]
    ),
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.integers().map(str),
)  # fmt: skip
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
WRITINGS = ["urlencoded"] * 12 + ["multipart"] * 3 + ["json", "files", "broken", "charset", "many"]
# Nobody, each role, and mostly somebody whom nothing is refused, so that what was typed is read.
WHO = [(), *((role,) for role in Role), *[tuple(Role)] * 12]
# What no form of a page bears: made by its scripts, or of addresses that only answer.
ADDED = (
    "t",
    "n",
    "toward",
    "version",
    "q",
    "camera",
    "from",
    "to",
    "columns",
    "fold",
    "page",
    "next",
)
SLOW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def silent(monkeypatch):
    def refuse(*_, **__):
        raise MediaRefused("nothing is played here")

    monkeypatch.setattr(play.watch, "playlist", refuse)
    monkeypatch.setattr(play.watch, "segment", refuse)
    monkeypatch.setattr(jobs.preview, "preview", refuse)


@pytest.fixture
def found(room: Room, silent) -> tuple[Room, list[Form]]:
    """All forms that somebody with every right meets, and every address of the table as one more."""
    item = room.item(1)
    room.item(2)
    client = _owner(room.as_(*Role))
    addresses = [(_real(room, one, item.public_id), method) for one, method, _ in table()]
    for name, part in (("lift", "player"), ("lift", "pictures"), ("take", "")):
        client.post(f"/items/{item.public_id}/{name}/", {"part": part})
    forms = []
    for address, method in addresses:
        if method == "GET":
            answer = client.get(address)
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                forms += forms_of(answer.content.decode(), address)
    known = {(form.name, form.method) for form in forms}
    bare = [Form(address.partition("?")[0], method) for address, method in addresses]
    bare = [form for form in bare if (form.name, form.method) not in known]
    return room, distinct(forms) + bare


def test_the_forms_of_the_pages_are_found(found):
    """Nearly every address that takes a form has one on a page; if not, the fuzz would try little."""
    _, forms = found
    reached = {form.name for form in forms if form.fields}
    takes = {form.name for form in forms if form.method == "POST"}
    assert {"login", "mark-new", "people", "own-wish", "help", "line", "search"} <= reached
    assert len(takes & reached) > len(takes) * 0.75, takes - reached


@settings(
    max_examples=1,
    deadline=None,
    phases=[Phase.generate],  # making it smaller would send every form again
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(odd=st.lists(ODD, min_size=7, max_size=7))
def test_every_field_of_every_form_takes_anything(found, odd):
    """Each once with markup and once with something odd, where all others are as the page means them."""
    room, forms = found
    number = 0
    for form in forms:
        client = _visitor(room, *Role)
        if form.action.startswith("/you/"):
            _owner(client)
        meant = {one.name: [*one.values, "words"][:1] for one in form.fields.values()}
        for name in sorted(form.fields.keys() - {TOKEN}):
            number += 1
            for value in (MARKUP, odd[number % len(odd)]):
                told = {**meant, name: [value]}
                _send(client, form.method, form.action, told, "urlencoded", {})


@SLOW
@given(data=st.data())
def test_no_form_breaks_the_room(found, data):
    room, forms = found
    form = data.draw(st.sampled_from(forms))
    client = _visitor(room, *data.draw(st.sampled_from(WHO)))
    if form.action.startswith("/you/"):
        _owner(client)
    values = _filled(form, data)
    method = data.draw(st.sampled_from([form.method] * 20 + METHODS))
    writing = data.draw(st.sampled_from(WRITINGS))
    headers = {"HX-Request": "true"} if data.draw(st.booleans()) else {}
    headers["Accept-Language"] = data.draw(st.sampled_from(["en", "ru", "x" * 500, "\u00e9", ""]))
    _send(client, method, form.action, values, writing, headers)


def _send(client, method: str, action: str, values: dict, writing: str, headers: dict) -> None:
    action = action.partition("?")[0]
    if method in {"GET", "HEAD", "OPTIONS"}:
        told = urlencode(values, doseq=True, errors="surrogatepass")
        answer = client.generic(method, f"{action}?{told}", headers=headers)
    else:
        body, kind = _written(values, writing)
        answer = client.generic(method, action, body, kind, headers=headers)
    assert answer.status_code < 500, (method, action, writing, values)
    _harmless(answer, (method, action, writing, values))


def _visitor(room: Room, *roles: Role):
    """A new person each time: forms disable people, end sessions and change passwords."""
    if not roles:
        return room.client()
    number = room.__dict__.setdefault("visitors", [0])
    number[0] += 1
    return room.client(room.user(f"visitor{number[0]}", *roles))


def _owner(client):
    """With a password, and so with a part of their own that is open."""
    client.post("/password/", {"new": "grey heron at noon", "again": "grey heron at noon"})
    return client


def _filled(form: Form, data) -> dict[str, list[str]]:
    """As the page means it but for one or two fields; now and then a field too many, or none at all."""
    filled = {one.name: [data.draw(_fit(one))] for one in form.fields.values()}
    typed = sorted(form.fields.keys() - {TOKEN})
    if typed:
        for name in data.draw(st.lists(st.sampled_from(typed), min_size=1, max_size=2)):
            filled[name] = data.draw(st.lists(_hostile(form.fields[name]), max_size=2))
    for name in data.draw(st.lists(st.sampled_from(ADDED), max_size=1 if typed else 3)):
        filled[name] = [data.draw(ODD)]
    return filled


def _fit(one: Field):
    return st.sampled_from(one.values) if one.values else st.just("words")


def _hostile(one: Field):
    """Around what the field's own definition allows, and far beyond it."""
    near = []
    if one.longest:
        near += ["я" * one.longest, "a" * (one.longest + 1), "9" * one.longest]
    near += [value[:-1] for value in one.values[:3]] + [value + "0" for value in one.values[:3]]
    return st.one_of(st.sampled_from(near), ODD) if near else ODD


def _written(values: dict[str, list[str]], writing: str) -> tuple[bytes, str]:
    """A form's body and content type."""
    plain = urlencode(values, doseq=True, errors="surrogatepass").encode()
    match writing:
        case "json":
            return json.dumps(values).encode(), "application/json"
        case "charset":
            return plain, "application/x-www-form-urlencoded; charset=no-such-one"
        case "broken":
            return (
                b"--x\r\nContent-Disposition: form-data; name=\xff" + plain,
                "multipart/form-data; boundary=x",
            )
        case "many":
            return plain + b"&a=1" * 2000, "application/x-www-form-urlencoded"
        case "multipart" | "files":
            return _parts(values, as_files=writing == "files"), "multipart/form-data; boundary=edge"
    return plain, "application/x-www-form-urlencoded"


def _parts(values: dict[str, list[str]], *, as_files: bool) -> bytes:
    file = SimpleUploadedFile("..\\x/../<b>.txt", b"x").name
    said = f'; filename="{file}"' if as_files else ""
    return (
        b"".join(
            f'--edge\r\nContent-Disposition: form-data; name="{name}"{said}\r\n\r\n'.encode()
            + one.encode("utf-8", "surrogatepass")
            + b"\r\n"
            for name, every in values.items()
            for one in every
        )
        + b"--edge--\r\n"
    )


def _harmless(answer, told) -> None:
    """Nothing that was typed comes back as markup, or leads elsewhere."""
    if answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming:
        assert b"<script>fuzz" not in answer.content, told
        assert b"<img src=x onerror" not in answer.content, told
    where = answer.headers.get("Location", "/")
    assert re.match(r"/(?![/\\])", where), (where, told)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    path=st.text(st.characters(codec="utf-8", exclude_characters="?#"), max_size=40),
    which=st.sampled_from(urlpatterns),
    words=st.lists(st.text(st.sampled_from("ab0-_/.%é\0"), max_size=20), min_size=4, max_size=4),
)
def test_no_made_up_address_breaks_it(room: Room, silent, path, which, words):
    client = _visitor(room, Role.ARCHIVIST)
    # the client itself takes "//[" for a host's name
    for begin in ("/", "/items/", "/marks/"):
        assert client.get(begin + quote(path.lstrip("/"))).status_code < 500
    made = re.sub(r"<\w+:\w+>", lambda _: words.pop() or "x", str(which.pattern))
    address = "/" + quote(made.lstrip("/"))
    try:
        resolve("/" + made.lstrip("/"))
    except Resolver404:
        assert client.get(address).status_code in {400, 404}
        return
    for ask in (client.get, client.post):
        assert ask(address).status_code < 500, address
