"""Every detector, imported and checked against its listing; for the worker."""

import pkgutil

from daylight.detectors.base import Detector
from daylight.detectors.registry import listed


def load() -> dict[str, Detector]:
    """Raises what a broken detector raises, and ``TypeError`` where it is not what its line says."""
    loaded: dict[str, Detector] = {}
    for name, one in listed().items():
        detector = pkgutil.resolve_name(one.target)()
        if (detector.name, detector.version, detector.wants) != (name, one.version, one.wants):
            raise TypeError(f"the detector {name!r} is not what it is listed as")
        loaded[name] = detector
    return loaded
