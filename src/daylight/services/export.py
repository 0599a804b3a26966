"""Giving items out: which, and where to."""

import os
from collections.abc import Sequence
from pathlib import Path

from daylight.catalogue.queries.items import ItemView, find
from daylight.domain.principal import Principal
from daylight.errors import UsageError
from daylight.exports.base import FolderSink
from daylight.services.workspace import Workspace


def folder_sink(ws: Workspace, destination: Path) -> FolderSink:
    """Raises ``UsageError`` for a place inside the vault, which nobody but the store writes to."""
    place = Path(os.path.realpath(destination.parent)) / destination.name
    if place.is_relative_to(os.path.realpath(ws.layout.root)):
        raise UsageError("an export does not go into the vault itself")
    return FolderSink(destination)


def chosen(principal: Principal, names: Sequence[str]) -> list[ItemView]:
    """The items that ``names`` stand for (see ``daylight show``), each once, in the order of digests.

    Raises ``UsageError`` for a name of none or of several; ``Forbidden``.
    """
    found: dict[bytes, ItemView] = {}
    for number, name in enumerate(names, 1):
        views = find(principal, name.lower())
        if len(views) != 1:
            said = "several items begin like" if views else "no item has"
            raise UsageError(f"{said} the name given as number {number}")
        found[views[0].digest] = views[0]
    return [found[digest] for digest in sorted(found)]
