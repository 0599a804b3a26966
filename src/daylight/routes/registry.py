"""All routes. A further one is its own file and one line here."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from daylight.errors import InputRefused
from daylight.routes import bags, folder, tars, zips
from daylight.routes.base import Limits, Route
from daylight.routes.budget import Budget
from daylight.routes.folder import Skip
from daylight.routes.member import ArchiveRoute, Candidate, Recogniser, read_at

_HEAD_BYTES: Final = 512

PLACES: Final[tuple[Callable[[Path, Skip], Route | None], ...]] = (
    bags.recognise,
    folder.recognise,
)
ARCHIVES: Final[tuple[tuple[Callable[[bytes], bool], Recogniser], ...]] = (
    (tars.marked, tars.recognise),
    (zips.marked, zips.recognise),
)


def for_path(path: Path, skip: Skip = frozenset()) -> Route:
    """The route for what the operator named. Raises ``SourceUnreadable``, ``InputRefused``."""
    for recognise in PLACES:
        route = recognise(path, skip)
        if route is not None:
            return route
    raise InputRefused("no route leads from a path given into the vault")


def may_be_archive(head: bytes) -> bool:
    """Whether an object that begins with ``head`` (512 bytes, or all) is worth ``for_stored``."""
    return any(marked(head) for marked, _ in ARCHIVES)


def for_stored(
    fd: int,
    size: int,
    untrusted_name: bytes,
    limits: Limits | None = None,
    *,
    outer: Budget | None = None,
) -> ArchiveRoute | None:
    """The route into a stored object that is an archive, by its content; ``None`` for all else.

    ``fd`` is read with ``pread`` only; it stays the caller's, and open until all is read. ``outer``
    is the ``budget`` of the archive that the object came out of; its limits hold on.
    Raises ``LimitExceeded`` for an archive nested too deep, ``SourceUnreadable`` on a read error.
    """
    candidate = Candidate(fd, size, read_at(fd, 0, _HEAD_BYTES), untrusted_name)
    held = outer.limits if outer is not None else limits or Limits()
    for _, recognise in ARCHIVES:
        route = recognise(candidate, held, outer)
        if route is not None:
            return route
    return None
