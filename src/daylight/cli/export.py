"""``daylight export``: originals out of the vault; a file of its own for each kind."""

from collections.abc import Callable

from daylight.cli import export_annotations, export_bag, export_court

COMMANDS: dict[str, Callable[..., None]] = {
    "annotations": export_annotations.run,
    "bag": export_bag.run,
    "court": export_court.run,
}
