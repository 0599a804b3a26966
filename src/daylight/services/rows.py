"""Writing many rows a few at a time, so that whoever else wants to write gets to it."""

import time
from collections.abc import Sequence
from typing import Final, TypeVar

from django.db.models import Model

ROWS: Final = 200  # a transaction
PAUSE: Final = 0.01  # seconds between two

Row = TypeVar("Row", bound=Model)


def create(model: type[Row], rows: Sequence[Row]) -> None:
    """Those that are not there yet; others are left alone."""
    for at in range(0, len(rows), ROWS):
        model._default_manager.bulk_create(rows[at : at + ROWS], ignore_conflicts=True)  # noqa: SLF001  # documented
        time.sleep(PAUSE)


def update(model: type[Row], rows: Sequence[Row], fields: Sequence[str]) -> None:
    for at in range(0, len(rows), ROWS):
        model._default_manager.bulk_update(rows[at : at + ROWS], fields)  # noqa: SLF001  # documented
        time.sleep(PAUSE)
