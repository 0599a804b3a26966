"""The shield stands on the server: what was not lifted in this session is not sent.

A session keeps what was lifted of which item: of the ``pictures`` (filmstrip, still) that they are clear, of the
``player`` how far, and for which span. Pages still open shielded; lifting is asked for anew by hand each time.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase

from daylight.errors import Forbidden
from daylight.media.cut import Look, Mode, look_of

PARTS: Final = ("pictures", "player")
CLEAR: Final = "clear"
_KEY: Final = "lifted"
_KEPT: Final = 200  # parts remembered in one session; the oldest go down again
_BLUR: Final = {
    ("strong", True): Mode.SHIELDED,
    ("strong", False): Mode.TINTED,
    ("light", True): Mode.SOFT_GREY,
    ("light", False): Mode.SOFT,
    ("none", True): Mode.GREY,
    ("none", False): Mode.CLEAR,
}


@dataclass(frozen=True, slots=True)
class Lift:
    """How far, and for which span in microseconds; None is all of it."""

    look: str = CLEAR
    within: tuple[int, int] | None = None


def look(blur: str, *, colour: bool, large: bool, sound: bool) -> Look:
    """What somebody chose, each control by itself. ``KeyError`` for a blur that there is not."""
    mode = _BLUR[blur, not colour]
    return Look(mode, small=mode.is_strong or not large, sound=sound)


def lift(session: SessionBase, public_id: str, part: str, how: Lift) -> None:
    """In place of what was lifted of this part before."""
    lower(session, public_id, part)
    session[_KEY] = [*session[_KEY], [public_id, part, how.look, how.within]][-_KEPT:]


def lower(session: SessionBase, public_id: str, part: str) -> None:
    session[_KEY] = [one for one in session.get(_KEY, []) if one[:2] != [public_id, part]]


def lifted(session: SessionBase, public_id: str, part: str) -> Lift | None:
    for one in session.get(_KEY, []):
        if one[:2] == [public_id, part] and len(one) == 4:  # not of a session of before
            return _lift(one)
    return None


def require_lifted(session: SessionBase, public_id: str, part: str, look: str = CLEAR) -> Lift:
    """``Forbidden`` unless the person asked to see this part of this item in this way."""
    found = lifted(session, public_id, part)
    if found is None or found.look != look:
        raise Forbidden("the shield of this item was not lifted")
    return found


def require_clear(session: SessionBase, public_id: str, part: str) -> Lift:
    """``Forbidden`` unless it was lifted to the end: no blur, in colour, full size; perhaps for a span."""
    found = lifted(session, public_id, part)
    if found is None or look_of(found.look).mode is not Mode.CLEAR or look_of(found.look).small:
        raise Forbidden("the shield of this item was not lifted so far")
    return found


def of_frames(found: Lift | None) -> str:
    """How single pictures are sent: clear where everything of the item is lifted that far, else shielded."""
    whole = found is not None and found.within is None and look_of(found.look).mode is Mode.CLEAR
    small = found is not None and look_of(found.look).small
    return CLEAR if whole and not small else Mode.SHIELDED.value


def needs_none(look: str) -> bool:
    """Whether a look is what everybody is sent. ``ValueError`` for what is no look."""
    return look_of(look).is_shielded


def _lift(kept: list[Any]) -> Lift:
    within = kept[3]
    return Lift(kept[2], None if within is None else (within[0], within[1]))
