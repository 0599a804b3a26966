"""The port through which what has to be covered is found: tracks of an item, by whoever finds them."""

from collections.abc import Callable

from daylight.domain.digest import Digest
from daylight.domain.progress import Progress
from daylight.domain.tracks import Track
from daylight.services import faces
from daylight.services.workspace import Workspace

Finder = Callable[[Workspace, Digest, Progress], tuple[Track, ...]]


def tracks_of(ws: Workspace, digest: Digest, progress: Progress) -> tuple[Track, ...]:
    """What was found in an item, found now where nobody has looked yet.

    Raises ``ModelMissing`` where nothing that finds faces is installed.
    """
    return faces.tracks_of(ws, digest, progress)
