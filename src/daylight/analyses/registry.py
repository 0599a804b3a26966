"""All analyses, by name. A further one is its own file and one line here."""

from typing import Final

from daylight.analyses.base import Listed

ANALYSES: Final[dict[str, Listed]] = {
    "sameness": Listed(2, ("fingerprint",)),
    "clocks": Listed(2, ("overlay",)),
    "integrity": Listed(1, ("structure",)),
    "clock-offsets": Listed(1, ()),
    "date-orders": Listed(1, ("overlay",)),
    "placing": Listed(1, ("background",)),
    "clock-signs": Listed(1, ("overlay",)),
    "name-signs": Listed(1, ()),
}
