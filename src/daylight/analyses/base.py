"""The contract of an analysis: features of many items in, statements about them out; pure.

An analysis knows no catalogue, no files and no clock. It is handed features that detectors made
(checked, frozen) and gives frozen values back; services gather the one and keep the other, keyed by a
digest of the inputs, so that what has not changed is not reckoned again. A new version is new work.
Like a finding, nothing that it says is a fact: each value bears a score or a confidence.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listed:
    """``version`` of an analysis, and the ``detectors`` whose findings it needs."""

    version: int
    detectors: tuple[str, ...]
