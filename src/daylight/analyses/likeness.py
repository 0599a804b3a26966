"""How much recordings look like those of a camera: the pictures' likeness, and the make of the files."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.analyses.backgrounds import Gallery, Places
from daylight.domain.placing import Clues

OTHER_RATE: Final = 0.2  # what another frame rate takes off the likeness
SAME_MAKE: Final = 0.04  # what the same codec, size and rate add
FACES: Final = 24  # recordings of a camera that newcomers are compared with

Floats = NDArray[np.float32]


class Looks:
    """Of items, by their place in ``clues``. ``tells[n]``: whether there is anything to know n by."""

    def __init__(self, clues: Sequence[Clues]) -> None:
        self._gallery = Gallery([one.background for one in clues])
        self.tells = self._gallery.tells
        makes: dict[tuple[object, ...], int] = {}
        made = [one.structure for one in clues]
        self._rates = np.array([one.fps for one in made], np.float32)
        self._makes = np.array(
            [
                makes.setdefault((one.codec, one.width, one.height, one.fps), len(makes))
                if one.width
                else -1 - n
                for n, one in enumerate(made)
            ]
        )

    def alike(self, some: Places, others: Places) -> Floats:
        """In [-1, 1], shape (some, others); -1 where one of them tells nothing."""
        mine, theirs = np.asarray(some, int), np.asarray(others, int)
        scene, rims = self._gallery.alike(mine, theirs)
        barred = self._gallery.barred
        cut = barred[mine][:, None] != barred[theirs][None, :]
        value = np.where(cut, scene, (scene + rims) / 2)
        rates = self._rates[mine][:, None], self._rates[theirs][None, :]
        known = (rates[0] > 0) & (rates[1] > 0)
        other = known & (np.abs(rates[0] - rates[1]) > 0.02 * np.maximum(*rates))
        same = self._makes[mine][:, None] == self._makes[theirs][None, :]
        value = value - OTHER_RATE * other + SAME_MAKE * same
        tells = self.tells[mine][:, None] & self.tells[theirs][None, :]
        result: Floats = np.where(tells, np.clip(value, -1, 1), -1).astype(np.float32)
        return result

    def scene(self, first: int, second: int) -> float:
        """Likeness of the scenes alone, whatever is written over them."""
        return float(self._gallery.alike([first], [second])[0][0, 0])

    def faces(self, members: Sequence[int]) -> list[int]:
        """Some of a camera's recordings to compare with, evenly spread."""
        telling = [n for n in members if self.tells[n]]
        return telling[:: -(-len(telling) // FACES)] if telling else []

    def nearest(
        self, some: Sequence[int], faces: Mapping[int, Sequence[int]]
    ) -> list[tuple[float, int]]:
        """For each of ``some`` the likeness to the nearest camera, and its number; -1, -1 for none."""
        numbers = [number for number, those in faces.items() if those]
        if not numbers or not len(some):
            return [(-1.0, -1)] * len(some)
        every = np.concatenate([np.asarray(faces[number], int) for number in numbers])
        starts = np.cumsum([0, *(len(faces[number]) for number in numbers)])[:-1]
        best = np.maximum.reduceat(self.alike(some, every), starts, axis=1)
        which = best.argmax(axis=1)
        return [(float(best[row, at]), numbers[at]) for row, at in enumerate(which)]
