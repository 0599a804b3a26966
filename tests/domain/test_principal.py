"""Who may do what."""

import pytest

from daylight.domain.principal import RIGHTS, Principal, Right, Role, custodian, rights_of
from daylight.errors import Forbidden


def test_every_role_has_its_rights_and_no_role_has_them_all():
    assert set(RIGHTS) == set(Role)
    assert all(rights < frozenset(Right) for rights in RIGHTS.values())


def test_who_keeps_the_machine_running_sees_no_footage():
    assert not RIGHTS[Role.ADMINISTRATOR] & {Right.WATCH, Right.SEE_ITEMS, Right.SEE_LEAKED_PATHS}


def test_leaked_names_are_for_two_roles():
    seen = {role for role, rights in RIGHTS.items() if Right.SEE_LEAKED_PATHS in rights}
    assert seen == {Role.ARCHIVIST, Role.COUNSEL}


def test_roles_add_up_and_none_is_none():
    both = rights_of(frozenset({Role.ANALYST, Role.ADMINISTRATOR}))
    assert both == RIGHTS[Role.ANALYST] | RIGHTS[Role.ADMINISTRATOR]
    assert rights_of(frozenset()) == frozenset()


def test_a_right_that_is_not_held_is_refused():
    nobody = Principal("0" * 32, frozenset(), frozenset())
    for right in Right:
        custodian("0" * 32).require(right)
        with pytest.raises(Forbidden, match=right.value):
            nobody.require(right)
