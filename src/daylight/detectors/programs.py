"""All programs of the worker: what runs inside the sandboxed child.

``examine``, ``look``, ``merge``: ``detectors.examining``, which has a worker of its own.

``segment``  makes one segment for a player: ``media.segments``.

``frames``   makes stills of the very pictures asked for: ``media.frames``.

``compare``  holds pictures of two items against one another: ``detectors.compare``.
``samples``  hands an item's sound out: ``detectors.samples``.
``redact``   renders what may be seen of an item: ``media.mask``.
``redact-still``  does the same with a picture: ``media.mask_still``.
``redaction-check``  looks at what was rendered: ``media.mask_check``.
``follow``  follows what a person drew around: ``media.mask_follow``.
``moments``  hands single pictures out, for text: ``media.mask_moments``.
``smaller``  makes a filmstrip smaller: ``media.smaller``.
``pictures`` hands an item's pictures out: ``detectors.pictures``.
``salvage``  says how to make an openable file of one that is not: ``media.salvage``.
"""

from typing import Final

from daylight.detectors import compare, pictures, samples
from daylight.detectors.examining import EXAMINING
from daylight.media import mask, mask_check, mask_follow, mask_moments, mask_still, smaller
from daylight.media.cut import PROGRAM
from daylight.media.frame_ask import PROGRAM as FRAMES
from daylight.media.frames import frames
from daylight.media.program import Programs
from daylight.media.salvage import salvage
from daylight.media.salvaged import PROGRAM as SALVAGE
from daylight.media.segments import segment

PROGRAMS: Final[Programs] = {
    **EXAMINING,
    PROGRAM: segment,
    FRAMES: frames,
    compare.PROGRAM: compare.compare,
    samples.PROGRAM: samples.samples,
    pictures.PROGRAM: pictures.pictures,
    SALVAGE: salvage,
    mask.PROGRAM: mask.redact,
    mask_check.PROGRAM: mask_check.check,
    mask_still.PROGRAM: mask_still.redact_still,
    mask_follow.PROGRAM: mask_follow.follow,
    mask_moments.PROGRAM: mask_moments.moments,
    smaller.PROGRAM: smaller.smaller,
}
