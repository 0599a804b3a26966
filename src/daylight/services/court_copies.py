"""Working copies: a recording as one MPEG-TS, made in the sandbox part by part as the player makes it."""

from collections.abc import Iterator
from typing import Self

from daylight.domain.principal import Principal
from daylight.errors import MediaRefused
from daylight.exports.court.records import CourtItem
from daylight.media.cut import Look, Mode
from daylight.media.mpegts import Joiner
from daylight.services.watch import Player, segment
from daylight.services.workspace import Workspace

_LOOK = Look(Mode.CLEAR, sound=True).slug


class WorkingCopy:
    """``pieces`` once, in order; then ``lost`` says what of it could not be made."""

    def __init__(self, copies: "Copies", item: CourtItem) -> None:
        self._copies, self._item = copies, item
        self._parts = copies.parts(item)
        self._missing: list[int] = []
        # Nothing is begun of which no part can be played.
        self._first = self._next(0)
        if self._first is None:
            raise MediaRefused("no part of it can be played")

    @property
    def pieces(self) -> Iterator[bytes]:
        found, joiner = self._first, Joiner()
        while found is not None:
            number, data = found
            yield joiner.join(data)
            found = self._next(number + 1)

    @property
    def lost(self) -> str:
        count = len(self._missing)
        return (
            f"{count} of its {self._parts} parts cannot be played and are left out" if count else ""
        )

    def _next(self, number: int) -> tuple[int, bytes] | None:
        for at in range(number, self._parts):
            try:
                return at, self._copies.part(self._item, at)
            except MediaRefused:
                self._missing.append(at)
        return None


class Copies:
    """Makes working copies, in clear. Close it: it holds sandbox slots."""

    def __init__(self, ws: Workspace, principal: Principal) -> None:
        self._principal, self._player = principal, Player(ws)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._player.close()

    def make(self, item: CourtItem) -> WorkingCopy:
        """``MediaRefused`` where there is nothing to play; ``Forbidden``, ``HelpMissing``."""
        return WorkingCopy(self, item)

    def parts(self, item: CourtItem) -> int:
        return len(self._player.plan(self._principal, item.public_id, _LOOK).cuts.spans)

    def part(self, item: CourtItem, number: int) -> bytes:
        return segment(self._player, self._principal, item.public_id, number, _LOOK).data


class NoCopies:
    """Where none are wanted."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def make(self, item: CourtItem) -> WorkingCopy:
        del item
        raise MediaRefused("working copies were not asked for")
