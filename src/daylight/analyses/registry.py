"""All analyses, by name. A further one is its own file and one line here."""

from typing import Final

from daylight.analyses.base import Listed

ANALYSES: Final[dict[str, Listed]] = {
    "sameness": Listed(1, ("fingerprint",)),
}
