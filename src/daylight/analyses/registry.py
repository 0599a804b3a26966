"""All analyses, by name. A further one is its own file and one line here."""

from typing import Final

from daylight.analyses.base import Listed

ANALYSES: Final[dict[str, Listed]] = {
    "integrity": Listed(1, ("structure",)),
}
