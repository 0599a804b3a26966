"""What every answer bears, and what none may say."""

import logging

import pytest

from daylight.domain.principal import Role
from daylight.errors import StoreCorrupt
from daylight.web import app, grid, item
from tests.web.rooms import Room


def test_every_answer_bears_the_headers(room: Room):
    client = room.as_(Role.ARCHIVIST)
    held = room.item(1)
    for address in ("/", "/items/", f"/items/{held.public_id}/", "/login/", "/nothing/"):
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert directives["default-src"] == directives["frame-ancestors"] == "'none'"
        assert directives["script-src"] == directives["style-src"] == "'self'"
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "autoplay=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "a b", ""])
@pytest.mark.parametrize("address", ["/login/", "/static/daylight.css", "/nothing/"])
def test_other_host_names_are_refused(room: Room, host, address):
    answer = room.client().get(address, headers={"host": host or "."})
    assert answer.status_code == 400
    assert "default-src" in answer.headers["Content-Security-Policy"]


def test_static_files_tell_other_sites_nothing(room: Room):
    """A page of somebody else must not find out that this machine runs Daylight."""
    answer = room.client().get("/static/daylight.css", headers={"origin": "https://evil.example"})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("host", ["127.0.0.1:8400", "localhost:1", "[::1]:8400"])
def test_loopback_names_are_answered(room: Room, host):
    assert room.client().get("/login/", headers={"host": host}).status_code == 200


def test_no_inline_script_style_or_foreign_address_in_any_page(room: Room):
    client = room.as_(Role.ARCHIVIST, Role.ADMINISTRATOR)
    held = room.item(1)
    for address in ("/", "/items/", f"/items/{held.public_id}/", "/login/", "/password/", "/x/"):
        page = client.get(address).content.decode()
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick" not in page
        assert page.count("<script") == page.count("<script src=")
        assert "http://" not in page
        assert "https://" not in page


class Broken(Exception):
    pass


def test_an_error_shows_no_traceback_and_logs_no_message(room: Room, monkeypatch, capsys):
    def fail(*args, **kwargs):
        raise Broken("leaked/name of somebody.mp4")

    loggers = [logging.getLogger(name) for name in app._OUR_LOGS]
    before = [(one, one.handlers, one.propagate, one.level) for one in loggers]
    monkeypatch.setattr(grid, "page", fail)
    client = room.as_(Role.ANALYST)
    client.raise_request_exception = False
    try:
        app.quiet(debug=False)
        answer = client.get("/items/?kind=video")
        client.get("/items/0123/")
    finally:
        for one, handlers, propagate, level in before:
            one.handlers, one.propagate = handlers, propagate
            one.setLevel(level)
    said = capsys.readouterr().err
    assert answer.status_code == 500
    for text in (answer.content.decode(), said):
        assert "somebody" not in text
        assert "Traceback" not in text
    assert "items/" not in said
    assert "Broken in fail" in said


def test_our_own_errors_become_pages_without_their_sentence(room: Room, monkeypatch):
    def fail(*args, **kwargs):
        raise StoreCorrupt("object abc of somebody is damaged")

    monkeypatch.setattr(item, "media_facts", fail)
    held = room.item(1)
    answer = room.as_(Role.ANALYST).get(f"/items/{held.public_id}/")
    assert answer.status_code == 503
    assert "store-corrupt" in answer.content.decode()
    assert "somebody" not in answer.content.decode()


def test_the_key_of_sessions_is_the_vaults_own(room: Room):
    path = room.ws.layout.root / "web.key"
    assert path.stat().st_mode & 0o077 == 0
    assert len(path.read_text()) >= 48
