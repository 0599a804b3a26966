"""Sessions: how long they last, who ends them, what must be shown once more; the second factor."""

import base64
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings

from daylight.catalogue.models import Entry, OwnKey, Sitting
from daylight.catalogue.queries.people import has_second_factor
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.access import Policy, SecondFactorRule
from daylight.domain.principal import Role
from daylight.errors import Forbidden, UsageError
from daylight.services import people, second_factor, sittings
from daylight.services.policy import set_policy
from daylight.web.app import application
from daylight.web.asked import BEYOND
from daylight.web.sitting import FRESH, HALF_LIFE
from tests.web.rooms import Room

GOOD = "umber tidal plover nine"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Timed(Room):
    """A room whose clock stands where it is put."""

    def __init__(self, ws):
        self.now = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
        super().__init__(dataclasses.replace(ws, clock=lambda: self.now))

    def later(self, **words) -> None:
        self.now += timedelta(**words)

    def person(self, name="ann", role=Role.ANALYST):
        user = self.user(name, role)
        people.set_password(user, GOOD)
        return user

    def signed_in(self, name="ann", **more):
        client = self.client(**more)
        form = {"username": name, "password": GOOD}
        client.post("/login/", form, headers={"user-agent": FIREFOX})
        return client

    def enrolled(self, user) -> bytes:
        """Their telephone's secret, confirmed a minute ago."""
        second_factor.begin(self.ws, user)
        secret = base64.b32decode(second_factor.waiting_secret(self.ws, user))
        second_factor.confirm(self.ws, user, self.code(secret))
        self.later(minutes=1)
        return secret

    def code(self, secret: bytes) -> str:
        return TOTP(secret, 6, SHA1(), 30).generate(int(self.now.timestamp())).decode()


@pytest.fixture
def timed(ws):
    return Timed(ws)


def inside(client) -> bool:
    return client.get("/").status_code == 200


def test_a_session_ends_when_nobody_is_there(timed):
    timed.person()
    client = timed.signed_in()
    for _ in range(4):
        timed.later(minutes=29)
        assert inside(client)
    timed.later(minutes=30)
    assert not inside(client)
    assert not Sitting.objects.exists()


def test_a_session_ends_after_its_life_however_busy(timed):
    timed.person()
    client = timed.signed_in()
    for _ in range(12 * 3 - 1):
        timed.later(minutes=20)
        assert inside(client)
    timed.later(minutes=20)
    assert not inside(client)


def test_the_vaults_own_limits_hold_from_the_next_request_on(timed):
    timed.person()
    client = timed.signed_in()
    set_policy(timed.ws, custodian_here(), Policy(idle_minutes=5, lifetime_hours=1))
    assert b"policy-set" in bytes(Entry.objects.order_by("-index")[0].leaf)
    timed.later(minutes=4)
    assert inside(client)
    timed.later(minutes=5)
    assert not inside(client)


@pytest.mark.parametrize(
    "wrong",
    [{"idle_minutes": 0}, {"lifetime_hours": 13}, {"alert_opened": 0}, {"alert_exported": -1}],
)
def test_limits_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UsageError):
        Policy(**wrong)


def test_only_who_manages_users_sets_the_policy(ws):
    with pytest.raises(Forbidden):
        set_policy(ws, dataclasses.replace(custodian_here(), rights=frozenset()), Policy())


def test_being_here_is_kept_to_the_minute(timed):
    timed.person()
    client = timed.signed_in()
    timed.later(seconds=59)
    inside(client)
    row = Sitting.objects.get()
    assert row.seen == row.began
    timed.later(seconds=1)
    inside(client)
    assert Sitting.objects.get().seen == timed.now


def test_everybody_sees_and_ends_their_own_sessions_only(timed):
    timed.person()
    timed.person("bob")
    first, second, third = timed.signed_in(), timed.signed_in(), timed.signed_in()
    bob = timed.signed_in("bob")
    page = first.get("/account/").content.decode()
    assert page.count("Firefox, Linux") == 3
    assert page.count("this one") == 1
    bobs = Sitting.objects.get(user__username="bob").public_id
    assert bobs not in page
    first.post("/account/end/", {"sitting": bobs})
    assert inside(bob)
    ids = [one.public_id for one in sittings.open_of(timed.ws, timed_user("ann"))]
    first.post("/account/end/", {"sitting": ids[0]})
    assert not inside(third)
    first.post("/account/end/", {"sitting": "others"})
    assert (inside(first), inside(second), inside(bob)) == (True, False, True)


def timed_user(name):
    from daylight.catalogue.models import User

    return User.objects.get(username=name)


def test_signing_out_ends_the_sitting(timed):
    timed.person()
    client = timed.signed_in()
    client.post("/logout/")
    assert not Sitting.objects.exists()


def test_coming_in_anew_leaves_no_sitting_behind(timed):
    timed.person()
    timed.person("bob")
    client = timed.signed_in()
    for name in ("ann", "bob"):
        client.post("/login/", {"username": name, "password": GOOD})
        assert [one.user.username for one in Sitting.objects.all()] == [name]


def test_a_copied_cookie_ends_with_the_sitting(timed):
    timed.person()
    client, thief = timed.signed_in(), timed.client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert inside(thief)
    client.post("/logout/")
    assert not inside(thief)


def test_dangerous_acts_ask_once_more_after_ten_minutes(timed):
    timed.person("root", Role.ADMINISTRATOR)
    timed.person()
    client = timed.signed_in("root")
    assert client.get("/people/").status_code == 200
    timed.later(seconds=FRESH.seconds + 1)
    assert client.get("/people/").headers["Location"] == "/again/?next=%2Fpeople%2F"
    address = f"/people/{timed_user('ann').agent}/disable/"
    assert client.post(address).headers["Location"] == "/again/?next=%2Fpeople%2F"
    assert timed_user("ann").is_active
    part = client.get("/people/", headers={"HX-Request": "true"})
    assert part.headers["HX-Redirect"].startswith("/again/")
    wrong = client.post("/again/", {"password": "x", "next": "/people/"})
    assert wrong.status_code == 403
    good = client.post("/again/", {"password": GOOD, "next": "/people/"})
    assert good.headers["Location"] == "/people/"
    assert client.get("/people/").status_code == 200
    assert client.post(address).status_code == 302
    assert not timed_user("ann").is_active


def test_showing_once_more_is_slowed_down_too(timed):
    timed.person()
    client = timed.signed_in()
    for _ in range(5):
        client.post("/again/", {"password": "x"})
    answer = client.post("/again/", {"password": GOOD})
    assert "Too many attempts" in answer.content.decode()


def test_a_password_is_not_chosen_in_a_session_that_was_left_open(timed):
    timed.user("ann", Role.ANALYST)
    client = timed.client()
    client.post(f"/enter/{people.link(timed.ws, custodian_here(), 'ann')}/")
    timed.later(minutes=11)
    assert client.post("/password/", {"new": GOOD, "again": GOOD}).status_code == 400
    assert not timed_user("ann").has_usable_password()


def test_the_second_factor_is_set_up_in_the_browser(timed):
    user = timed.person()
    client, other = timed.signed_in(), timed.signed_in()
    page = "/account/second-factor/"
    assert client.post(page, {"act": "begin"}).status_code == 302
    shown = client.get(page).content.decode()
    assert "<svg" in shown
    assert " style=" not in shown
    secret = base64.b32decode(second_factor.waiting_secret(timed.ws, user))
    assert client.post(page, {"act": "confirm", "code": "1"}).status_code == 400
    codes = client.post(page, {"act": "confirm", "code": timed.code(secret)}).content.decode()
    assert codes.count("<li><code>") == second_factor.RECOVERY_CODES
    assert has_second_factor(user)
    assert not inside(other)
    assert "<li><code>" not in client.get(page).content.decode()
    assert client.post(page, {"act": "remove"}).status_code == 302
    assert not has_second_factor(user)
    assert client.post(page, {"act": "nothing"}).status_code == 403


def test_the_password_alone_lets_nobody_in_who_has_a_second_factor(timed):
    secret = timed.enrolled(timed.person())
    client = timed.signed_in()
    assert not inside(client)
    assert client.post("/login/code/", {"code": "000000"}).status_code == 403
    assert not inside(client)
    code = timed.code(secret)
    assert client.post("/login/code/", {"code": code}).headers["Location"] == "/"
    assert inside(client)
    again = timed.signed_in()
    assert again.post("/login/code/", {"code": code}).status_code == 403
    assert not inside(again)


def test_who_owes_a_code_opens_nothing_in_anothers_session(timed):
    ann, bob = timed.person(), timed.person("bob")
    timed.enrolled(bob)
    client = timed.signed_in()
    key = client.session.session_key
    assert timed.views.secret(key, ann.agent)
    client.post("/login/", {"username": "bob", "password": GOOD})
    assert timed.views.secret(key, ann.agent)
    assert not timed.views.secret(key, bob.agent)


def test_a_code_without_the_password_is_worth_nothing(timed):
    secret = timed.enrolled(timed.person())
    client = timed.client()
    answer = client.post("/login/code/", {"code": timed.code(secret)})
    assert answer.headers["Location"] == "/login/"
    client = timed.signed_in()
    timed.later(seconds=HALF_LIFE.seconds + 1)
    assert (
        client.post("/login/code/", {"code": timed.code(secret)}).headers["Location"] == "/login/"
    )
    assert not inside(client)


def test_guessing_codes_is_slowed_down_even_with_the_password(timed):
    secret = timed.enrolled(timed.person())
    client = timed.signed_in()
    for number in range(4):  # the password was an attempt as well
        client.post("/login/code/", {"code": f"00000{number}"})
    answer = client.post("/login/code/", {"code": timed.code(secret)})
    assert "Too many attempts" in answer.content.decode()
    assert not inside(timed.signed_in())


def test_link_and_invitation_take_the_place_of_the_password_only(timed):
    secret = timed.enrolled(timed.person())
    client = timed.client()
    link = f"/enter/{people.link(timed.ws, custodian_here(), 'ann')}/"
    assert client.post(link).headers["Location"] == "/login/code/"
    assert not inside(client)
    assert client.post("/login/code/", {"code": timed.code(secret)}).headers["Location"] == "/"
    client, token = timed.client(), people.invite(timed.ws, custodian_here(), "ann")
    form = {"new": GOOD + " x", "again": GOOD + " x"}
    assert client.post(f"/invited/{token}/", form).headers["Location"] == "/login/code/"
    assert not inside(client)


def test_somebody_disabled_between_password_and_code_stays_out(timed):
    secret = timed.enrolled(timed.person())
    client = timed.signed_in()
    people.disable(timed.ws, custodian_here(), "ann")
    client.post("/login/code/", {"code": timed.code(secret)})
    assert not inside(client)


def test_once_more_asks_for_the_code_too(timed):
    secret = timed.enrolled(timed.person("root", Role.ADMINISTRATOR))
    client = timed.signed_in("root")
    client.post("/login/code/", {"code": timed.code(secret)})
    timed.later(minutes=11)
    assert client.post("/again/", {"password": GOOD}).status_code == 403
    form = {"password": GOOD, "code": timed.code(secret)}
    assert client.post("/again/", form).status_code == 302


@pytest.mark.parametrize("rule", list(SecondFactorRule))
@pytest.mark.parametrize("beyond", [False, True])
def test_who_must_set_one_up_sees_nothing_before(timed, rule, beyond):
    item = timed.item(1)
    timed.person()
    set_policy(timed.ws, custodian_here(), Policy(second_factor=rule))
    client = timed.signed_in(**{BEYOND: beyond})
    asked = rule is SecondFactorRule.ALWAYS or (beyond and rule is SecondFactorRule.REMOTE)
    for address in ("/", "/items/", f"/items/{item.public_id}/", "/account/", "/nothing/"):
        answer = client.get(address)
        held = answer.headers.get("Location") == "/account/second-factor/"
        assert held == (asked and address != "/nothing/"), address
    media = client.get(
        f"/items/{item.public_id}/renditions/filmstrip-shielded", headers={"accept": "image/*"}
    )
    assert media.status_code == (403 if asked else 200)
    assert client.get("/account/second-factor/").status_code == 200
    assert client.get("/password/").status_code == 200


def test_who_must_have_one_cannot_remove_it(timed):
    secret = timed.enrolled(timed.person())
    client = timed.signed_in(**{BEYOND: True})
    client.post("/login/code/", {"code": timed.code(secret)})
    assert client.get("/items/").status_code == 200
    assert client.post("/account/second-factor/", {"act": "remove"}).status_code == 403
    assert has_second_factor(timed_user("ann"))


def test_a_room_that_others_reach_says_so(ws, monkeypatch):
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", list(settings.ALLOWED_HOSTS))
    monkeypatch.setattr(settings, "SESSION_COOKIE_SECURE", False)
    monkeypatch.setattr(settings, "CSRF_COOKIE_SECURE", False)
    made, seen = application(ws), {}
    made._handler = lambda environ, start: seen.update(environ) or []
    made({}, None)
    assert seen[BEYOND] is False
    made.widen("10.0.0.5", secure=True)
    made({}, None)
    assert seen[BEYOND] is True
    assert "10.0.0.5" in settings.ALLOWED_HOSTS
    assert settings.SESSION_COOKIE_SECURE is settings.CSRF_COOKIE_SECURE is True


def test_whoever_is_enabled_again_still_needs_the_code(timed):
    ann = timed.person()
    secret = timed.enrolled(ann)
    people.disable(timed.ws, custodian_here(), "ann")
    people.enable(timed.ws, custodian_here(), "ann")
    token = people.invite(timed.ws, custodian_here(), "ann")
    client = timed.client()
    answer = client.post(f"/invited/{token}/", {"new": GOOD, "again": GOOD})
    assert answer.headers["Location"].startswith("/login/code/")
    assert not inside(client)
    client.post("/login/code/", {"code": timed.code(secret)})
    assert inside(client)


def test_ones_own_part_opens_only_after_the_code(timed):
    """Password alone: nothing is made, opened or shown; password and code: it is open."""
    ann = timed.person()
    secret = timed.enrolled(ann)
    client = timed.signed_in()
    assert client.get("/you/").headers["Location"].startswith("/login/")
    for address in ("/you/open/", "/you/wishes/"):
        assert client.post(address, {"password": GOOD, "pause": "3"}).status_code == 401, address
    assert not OwnKey.objects.exists()
    assert timed.views._open == {}
    client.post("/login/code/", {"code": "000000"})
    assert timed.views._open == {}
    client.post("/login/code/", {"code": timed.code(secret)})
    assert "Nobody else sees this page" in client.get("/you/").content.decode()
    assert timed.views._half == {}
    client.post("/logout/")
    assert timed.views._open == {}


def test_a_link_with_the_code_leaves_ones_own_part_closed(timed):
    ann = timed.person()
    secret = timed.enrolled(ann)
    timed.signed_in()  # somebody else, who has the password and no code
    client = timed.client()
    client.post(f"/enter/{people.link(timed.ws, custodian_here(), 'ann')}/")
    client.post("/login/code/", {"code": timed.code(secret)})
    assert inside(client)
    assert "Nobody else sees this page" not in client.get("/you/").content.decode()
    assert timed.views._open == {}


def test_what_waits_for_a_code_is_forgotten(timed):
    log = timed.views
    log.owes_code("a", "x", "word")
    assert log.showed_code("a", "y") is None  # another's, and gone with it
    assert log.showed_code("a", "x") is None
    log.owes_code("a", "x", "word")
    timed.later(minutes=6)
    assert log.showed_code("a", "x") is None
    log.owes_code("b", "x", "word")
    timed.later(minutes=6)
    log.owes_code("c", "x", "word")
    log.flush()  # comes every few seconds, whoever asks
    assert set(log._half) == {"c"}
    log.closed("c")
    assert log._half == {}


def test_a_session_that_is_ended_leaves_no_key_open(timed):
    timed.person()
    client = timed.signed_in()
    assert len(timed.views._open) == 1
    people.disable(timed.ws, custodian_here(), "ann")
    assert not inside(client)
    assert timed.views._open == {}


def test_whoever_accepts_an_invitation_has_a_part_from_the_first_day(timed):
    people.add(
        timed.ws, custodian_here(), people.NewUser("olga", frozenset({Role.ANALYST}), frozenset())
    )
    token = people.invite(timed.ws, custodian_here(), "olga")
    client = timed.client()
    client.post(f"/invited/{token}/", {"new": GOOD, "again": GOOD})
    assert "Nobody else sees this page" in client.get("/you/").content.decode()
