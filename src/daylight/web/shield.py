"""The shield stands on the server: what was not lifted in this session is not sent.

A session keeps which items were lifted, in which part: ``pictures`` (filmstrip, still) or
``player``. Pages still open shielded; lifting is asked for anew by hand each time.
"""

from django.contrib.sessions.backends.base import SessionBase

from daylight.errors import Forbidden

PARTS = ("pictures", "player")
_KEY = "lifted"
_KEPT = 200  # parts remembered in one session; the oldest go down again


def lift(session: SessionBase, public_id: str, part: str) -> None:
    lifted = [one for one in session.get(_KEY, []) if one != [public_id, part]]
    session[_KEY] = [*lifted, [public_id, part]][-_KEPT:]


def lower(session: SessionBase, public_id: str, part: str) -> None:
    session[_KEY] = [one for one in session.get(_KEY, []) if one != [public_id, part]]


def require_lifted(session: SessionBase, public_id: str, part: str) -> None:
    """``Forbidden`` unless the person asked to see this part of this item."""
    if [public_id, part] not in session.get(_KEY, []):
        raise Forbidden("the shield of this item was not lifted")
