"""Whatever is sent to the forms of people and rights, nothing breaks: no answer is 500 or above."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daylight.catalogue.models import User
from daylight.domain.principal import Role
from daylight.web import sitting
from tests.web.rooms import Room

FIELDS = [
    "username", "password", "code", "role", "collection", "act", "sitting", "new", "again", "old",
    "next", "language", "part",
]  # fmt: skip
KNOWN = ["analyst", "begin", "confirm", "codes", "remove", "others", "Everything", "//x", "\0", ""]
WORDS = st.one_of(st.sampled_from(KNOWN), st.text(max_size=80), st.just("9" * 70_000))
FORMS = st.dictionaries(st.sampled_from(FIELDS), st.lists(WORDS, max_size=3), max_size=5)
ADDRESSES = [
    "/login/", "/login/code/", "/again/", "/account/end/", "/account/second-factor/", "/password/",
    "/people/", "/people/{0}/change/", "/people/{0}/invite/", "/people/{0}/unlock/",
    "/people/{0}/reset-code/", "/alerts/x/settle/", "/invited/x/", "/enter/x/", "/people/x/disable/",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_form_breaks_the_room(room: Room, monkeypatch, address):
    monkeypatch.setattr(sitting, "is_fresh", lambda request: True)
    other = room.user("other", Role.EDITOR)
    me = room.user("me", Role.ADMINISTRATOR, Role.ANALYST)

    @settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
    @given(form=FORMS)
    def ask(form):
        client = room.client(User.objects.get(pk=me.pk))
        client.raise_request_exception = False
        answer = client.post(address.format(other.agent), form)
        assert answer.status_code < 500, form

    ask()
