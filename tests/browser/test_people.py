"""Inviting a colleague, setting up a second factor, being asked once more: as people do it."""

import os
import sqlite3
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from tests import forked
from tests.browser.test_accessible import judged

pytestmark = pytest.mark.browser

GOOD = "umber tidal plover nine"
SEEN = os.environ.get("DAYLIGHT_TEST_SCREENS", "")  # a folder for pictures to look at


def seen(page, name: str) -> None:
    """Everybody can use it, as far as axe can tell; and a picture for whoever wants to look."""
    if SEEN:
        page.screenshot(path=Path(SEEN) / f"{name}.png", full_page=True)
    kept = pytest.importorskip("axe_playwright_python")
    assert judged(page, (Path(kept.__file__).parent / "axe.min.js").read_text()) == ([], 0), name


def custodian(served, *words: str) -> None:
    done = forked.run("--vault", served.vault, *words, env=dict(os.environ))
    assert done.returncode == 0, done.stderr


def code(page, served) -> str:
    import base64

    page.locator("details summary").click()
    secret = page.locator("details code").text_content().replace(" ", "")
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(int(time.time())).decode()


def choose_password(page) -> None:
    page.locator("input[name=new]").fill(GOOD)
    page.locator("input[name=again]").fill(GOOD)
    page.keyboard.press("Enter")


def test_a_colleague_is_invited_sets_up_a_second_factor_and_is_shut_out(visit):
    page, served = visit.page, visit.served
    visit.go("/people/")
    page.locator("input[name=username]").fill("olga")
    page.locator("input[name=role][value=analyst]").focus()
    page.keyboard.press("Space")
    page.locator("input[name=collection]").first.check()
    seen(page, "people")
    page.locator("form.stack button.main").click()
    address = page.locator("#invitation").text_content()
    seen(page, "invitation")

    guest = page.context.browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    complaints = []
    guest.on("console", lambda one: complaints.append(one.text) if one.type == "error" else None)
    guest.goto(address)
    seen(guest, "invited")
    choose_password(guest)
    guest.wait_for_url(served.address + "/")

    custodian(served, "user", "policy", "--second-factor", "always")
    guest.goto(served.address + "/items/")
    guest.wait_for_url("**/account/second-factor/")
    seen(guest, "factor-asked")
    guest.locator("button[value=begin]").click()
    guest.locator("svg.qr").wait_for()
    assert guest.locator("svg.qr").bounding_box()["width"] > 150
    typed = code(guest, served)
    guest.locator("input[name=code]").fill(typed)
    seen(guest, "factor-qr")
    guest.keyboard.press("Enter")
    guest.locator(".codes li").first.wait_for()
    assert guest.locator(".codes li").count() == 10
    recovery = guest.locator(".codes code").first.text_content()
    seen(guest, "factor-codes")
    guest.locator("a.main").click()
    guest.wait_for_url(served.address + "/")
    custodian(served, "user", "policy", "--second-factor", "remote")

    guest.goto(served.address + "/account/")
    seen(guest, "account")
    guest.locator(".self form button", has_text="Sign out").click()
    guest.wait_for_url("**/login/")
    guest.locator("input[name=username]").fill("olga")
    guest.locator("input[name=password]").fill(GOOD)
    guest.keyboard.press("Enter")
    guest.wait_for_url("**/login/code/")
    seen(guest, "code")
    guest.locator("input[name=code]").fill(recovery)
    guest.keyboard.press("Enter")
    guest.wait_for_url(served.address + "/")
    guest.goto(served.address + "/items/")
    assert guest.locator("[data-card]").count() > 0

    visit.go("/people/")
    page.locator("a", has_text="olga").click()
    page.locator("button.danger").wait_for()
    seen(page, "person")
    page.locator("button.danger").click()
    page.locator(".chip.unreadable").wait_for()
    guest.goto(served.address + "/items/")
    assert "/login/" in guest.url
    assert complaints == []
    guest.context.close()


def test_the_screens_stand_in_russian_and_ask_once_more(visit):
    page = visit.page
    page.locator("button[value=ru]").click()
    visit.until("document.documentElement.lang === 'ru'")
    for name in ("people", "account", "account/second-factor", "again", "alerts"):
        visit.go(f"/{name}/")
        seen(page, name.replace("/", "-") + "-ru")
        assert page.evaluate("document.documentElement.lang") == "ru"
    page.locator("button[value=en]").click()
    visit.until("document.documentElement.lang === 'en'")
    with sqlite3.connect(visit.served.vault / "catalogue.sqlite") as database:
        database.execute("UPDATE catalogue_user SET language = ''")  # others ask in their browser's
