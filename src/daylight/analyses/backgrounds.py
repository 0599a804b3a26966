"""How alike two backgrounds are, so that a camera is known again by what stands still before it.

Black bars are taken off, what is left is brought to one size, freed of brightness and contrast (a
night is darker than a day, an export softer than its recording), and compared by normalised
correlation: once coarsely as it is, once by its edges, and once by the edges of the rims alone, where
recorders write the camera's name. What moves a lot in either counts less.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.domain.background import HEIGHT, SPREAD_STEP, WIDTH, Background

BLACK: Final = 24  # luma of a bar, at most
FLAT: Final = 2.5  # contrast below which a picture tells nothing
RIM: Final = HEIGHT // 6  # rows at top and bottom where names are written
COARSE: Final = 2  # pixels to one, for the scene

Floats = NDArray[np.float32]
Places = Sequence[int] | NDArray[np.int64]


class Gallery:
    """Backgrounds made comparable. ``tells[n]`` is False where the n-th shows nothing to know it by,
    ``barred[n]`` True where black bars were taken off: then its rims are not those of others.
    """

    def __init__(self, backgrounds: Sequence[Background | None]) -> None:
        made = [_prepared(one) for one in backgrounds]
        self.tells = np.array([one is not None for one in made], bool)
        self.barred = np.array([one is not None and _is_barred(one) for one in backgrounds], bool)
        nothing = next((tuple(np.zeros_like(part) for part in one) for one in made if one), ())
        self._parts = [
            np.stack([(one or nothing)[place].astype(np.float16) for one in made])
            for place in range(len(nothing))
        ]

    def alike(self, some: Places, others: Places) -> tuple[Floats, Floats]:
        """Similarity in [-1, 1] of each of ``some`` with each of ``others``: of the scene, and of
        what is written at the rims; 0 where nothing tells.
        """
        rows, columns = np.asarray(some, int), np.asarray(others, int)
        if not self._parts:
            none = np.zeros((len(rows), len(columns)), np.float32)
            return none, none
        plain, edges, rims = (
            part[rows].astype(np.float32) @ part[columns].astype(np.float32).T
            for part in self._parts
        )
        return (plain + edges) / 2, rims


def _prepared(one: Background | None) -> tuple[Floats, ...] | None:
    if one is None:
        return None
    picture = np.frombuffer(one.median, np.uint8).reshape(HEIGHT, WIDTH).astype(np.float32)
    coarse = np.frombuffer(one.spread, np.uint8).reshape(HEIGHT // SPREAD_STEP, -1)
    spread = np.kron(coarse, np.ones((SPREAD_STEP, SPREAD_STEP))).astype(np.float32)
    top, bottom, left, right = _content(picture)
    fine = _resized(picture[top:bottom, left:right], HEIGHT, WIDTH)
    if fine.std() < FLAT:
        return None
    moving = _resized(spread[top:bottom, left:right], HEIGHT, WIDTH)
    weight = (1 / (1 + moving / 16)).astype(np.float32)
    small = (HEIGHT // COARSE, WIDTH // COARSE)
    scene, steady = _resized(fine, *small), _resized(weight, *small)
    rows = np.r_[:RIM, HEIGHT - RIM : HEIGHT]
    return (
        _normal(scene, steady),
        _normal(_edges(scene, 2), steady),
        _normal(_edges(fine, 2)[rows], weight[rows]),
    )


def _is_barred(one: Background) -> bool:
    picture = np.frombuffer(one.median, np.uint8).reshape(HEIGHT, WIDTH).astype(np.float32)
    return _content(picture) != (0, HEIGHT, 0, WIDTH)


def _content(picture: Floats) -> tuple[int, int, int, int]:
    """Rows and columns that are not black bars; all of it where hardly anything would remain."""
    rows = np.flatnonzero(picture.max(axis=1) > BLACK)
    columns = np.flatnonzero(picture.max(axis=0) > BLACK)
    if len(rows) < HEIGHT // 3 or len(columns) < WIDTH // 3:
        return 0, HEIGHT, 0, WIDTH
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _resized(picture: Floats, rows: int, columns: int) -> Floats:
    """Each pixel the mean of the area that it covers."""
    return _areas(_areas(picture, rows).T, columns).T


def _areas(picture: Floats, rows: int) -> Floats:
    """Rows averaged by area, through sums up to fractional bounds."""
    sums = np.vstack([np.zeros((1, picture.shape[1]), np.float32), np.cumsum(picture, axis=0)])
    bounds = np.linspace(0, len(picture), rows + 1)
    whole = np.minimum(bounds.astype(int), len(picture) - 1)
    part = (bounds - whole)[:, None]
    upto = sums[whole] * (1 - part) + sums[whole + 1] * part
    result: Floats = (np.diff(upto, axis=0) * (rows / len(picture))).astype(np.float32)
    return result


def _edges(picture: Floats, reach: int) -> Floats:
    """The picture without its own blur over a square."""
    rows, columns = picture.shape
    padded = np.pad(picture, reach, mode="edge")
    side = 2 * reach + 1
    blur = np.zeros_like(picture)
    for y in range(side):
        for x in range(side):
            blur += padded[y : y + rows, x : x + columns]
    result: Floats = picture - blur / np.float32(side * side)
    return result


def _normal(values: Floats, weight: Floats) -> Floats:
    """Of mean nought and length one under the weights, flat."""
    centred = (values - np.average(values, weights=weight)) * np.sqrt(weight)
    length = float(np.linalg.norm(centred))
    result: Floats = (centred / max(length, 1e-6)).ravel().astype(np.float32)
    return result
