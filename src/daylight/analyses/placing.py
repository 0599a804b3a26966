"""Which camera each recording comes from, as far as label, picture, path and structure tell.

Strong evidence first joins items into groups: what a person said, the same footage, the same burnt-in
name, the same folder, a telling part of the file's name. What is left goes to the group whose
background is most like its own, or makes groups of its own. Groups whose burnt-in names differ are
never joined by anything weaker than the same footage, and what two people's words keep apart is never
joined at all. Every proposal bears what speaks for it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from daylight.analyses.joining import Sets
from daylight.analyses.likeness import Looks
from daylight.analyses.path_clues import (
    camera_folders,
    shared,
    telling_tokens,
    tokens_of,
)
from daylight.domain.folders import Pieces
from daylight.domain.placing import Alike, Basis, Clues, Group, Placed, Placing, Structure

VERSION: Final = 1
SURE: Final = 0.9  # score from which the same footage joins
COHERENT: Final = 0.7  # share of a folder's files that must be made alike
ALIKE: Final = 0.72  # likeness from which an item goes to a group by its background
OWN: Final = 0.86  # likeness from which items without a group make one
CONTRARY: Final = 0.4  # likeness below which equal names in different folders are two cameras
BATCH: Final = 256  # items that are compared at a time
# how much each basis weighs, at its best
WEIGHTS: Final[Mapping[Basis, float]] = {
    Basis.PERSON: 1.0,
    Basis.SAME: 0.95,
    Basis.LABEL: 0.96,
    Basis.PATH: 0.85,
    Basis.NAME: 0.75,
    Basis.BACKGROUND: 0.7,
    Basis.STRUCTURE: 0.2,
}


def place(
    clues: Sequence[Clues],
    alike: Iterable[Alike] = (),
    known: Mapping[str, int] | None = None,
) -> Placing:
    """Groups, numbered from 0 in the order of their first item, and who belongs to which.

    ``known``: labels, as pictures, that people have confirmed to be those of a camera. Items that
    nothing tells of are left out. The same clues give the same placing.
    """
    ordered = sorted(clues, key=lambda one: one.key)
    return _Work(ordered, list(alike)).done(known or {})


class _Work:
    """Everything by the place of an item in ``clues``, not by its key."""

    def __init__(self, clues: Sequence[Clues], alike: Sequence[Alike]) -> None:
        self._clues = clues
        at = {one.key: place for place, one in enumerate(clues)}
        self._alike = [
            (at[one.first], at[one.second], one.score)
            for one in alike
            if one.first in at and one.second in at
        ]
        self.looks = Looks(clues)
        self._folders: dict[int, Pieces] = {}
        self.tokens = {
            n: frozenset().union(*(tokens_of(path) for path in one.untrusted_paths))
            for n, one in enumerate(clues)
        }
        self._sets = Sets(
            [{one.label_key} - {""} for one in clues],
            [set() if one.confirmed is None else {one.confirmed} for one in clues],
        )

    def done(self, known: Mapping[str, int]) -> Placing:
        self._by_person()
        self._by_footage()
        self._folders = self._coherent(
            camera_folders({n: one.untrusted_paths for n, one in enumerate(self._clues)})
        )
        self._by_label()
        self._by_folder()
        self._by_name()
        self._by_background()
        report = _Report(self._clues, self._alike, self._folders, self._sets, self)
        return report.made(known)

    def _by_person(self) -> None:
        first: dict[int, int] = {}
        for n, one in enumerate(self._clues):
            if one.confirmed is not None:
                self._sets.join(first.setdefault(one.confirmed, n), n)

    def _by_footage(self) -> None:
        for first, second, score in sorted(self._alike, key=lambda one: -one[2]):
            if score >= SURE:
                self._sets.join(first, second, whatever_the_label=True)

    def _coherent(self, folders: Mapping[int, Pieces]) -> dict[int, Pieces]:
        """Folders whose files are made alike and bear one label: those of one camera."""
        inside: dict[Pieces, list[int]] = {}
        for n, folder in folders.items():
            inside.setdefault(folder, []).append(n)
        good = {folder for folder, members in inside.items() if self._of_one(members)}
        return {n: folder for n, folder in folders.items() if folder in good}

    def _of_one(self, members: Sequence[int]) -> bool:
        made = Counter(_make(self._clues[n].structure) for n in members)
        made.pop((0, 0, 0.0), None)
        labels = Counter(self._clues[n].label_key or self._clues[n].label for n in members)
        labels.pop("", None)
        return all(
            told.most_common(1)[0][1] >= COHERENT * told.total() for told in (made, labels) if told
        )

    def _by_label(self) -> None:
        """Equal names in different folders are one camera only where the pictures do not gainsay."""
        homes: dict[str, dict[Pieces, int]] = {}
        for n, one in enumerate(self._clues):
            if not one.label_key:
                continue
            known = homes.setdefault(one.label_key, {})
            home = self._folders.get(n, ())
            if home in known:
                self._sets.join(known[home], n)
                continue
            near = next((m for m in known.values() if self._may_be_one(m, n)), None)
            if near is not None:
                self._sets.join(near, n)
            known[home] = n

    def _may_be_one(self, first: int, second: int) -> bool:
        here, there = self._folders.get(first, ()), self._folders.get(second, ())
        apart = here and there and here != there
        tells = self.looks.tells
        if not apart or not (tells[first] and tells[second]):
            return True
        return self.looks.scene(first, second) >= CONTRARY

    def _by_folder(self) -> None:
        """To the commonest label of the folder; an item with another label stays apart.

        Where people have placed most of a folder's items the others follow; a few that they placed
        are exceptions, and nothing follows them.
        """
        inside: dict[Pieces, list[int]] = {}
        for n, folder in self._folders.items():
            inside.setdefault(folder, []).append(n)
        for members in inside.values():
            said = [n for n in members if self._clues[n].confirmed is not None]
            if said and len(said) * 2 >= len(members):
                often = Counter(self._clues[n].confirmed for n in said).most_common(1)[0][0]
                head = next(n for n in said if self._clues[n].confirmed == often)
                joining = members
            else:
                joining = [n for n in members if self._clues[n].confirmed is None]
                usual = shared(self._clues[n].label_key for n in joining)
                head = next(n for n in joining if self._clues[n].label_key == usual)
            for n in joining:
                self._sets.join(head, n)

    def _by_name(self) -> None:
        held = {n: self._sets.root(n) for n in range(len(self._clues)) if self._is_held(n)}
        telling = telling_tokens(self.tokens, held)
        for n in range(len(self._clues)):
            told = {self._sets.root(telling[one]) for one in self.tokens[n] if one in telling}
            if n not in held and len(told) == 1:
                self._sets.join(told.pop(), n)

    def _is_held(self, n: int) -> bool:
        """Whether something stronger than its looks ties an item to a camera."""
        one = self._clues[n]
        return bool(n in self._folders or one.label_key or one.confirmed is not None)

    def _by_background(self) -> None:
        """First to the groups that are there, then among those that are left."""
        everyone = range(len(self._clues))
        loose = [n for n in everyone if self.looks.tells[n] and self._is_loose(n)]
        held = sorted({self._sets.root(n) for n in everyone if not self._is_loose(n)})
        faces = {root: self.looks.faces(self._sets.members(root)) for root in held}
        left = []
        for n, (likeness, root) in zip(loose, self._nearest(loose, faces), strict=True):
            if likeness < ALIKE or not self._sets.join(root, n):
                left.append(n)
        self._among_themselves(left)

    def _nearest(
        self, loose: Sequence[int], faces: Mapping[int, Sequence[int]]
    ) -> Iterator[tuple[float, int]]:
        for at in range(0, len(loose), BATCH):
            yield from self.looks.nearest(loose[at : at + BATCH], faces)

    def _among_themselves(self, left: Sequence[int]) -> None:
        """Each to the nearest one before it, or on its own."""
        leaders: list[int] = []
        for n in left:
            if leaders:
                likenesses = self.looks.alike([n], leaders)[0]
                best = int(likenesses.argmax())
                if likenesses[best] >= OWN and self._sets.join(leaders[best], n):
                    continue
            leaders.append(n)

    def _is_loose(self, n: int) -> bool:
        """Its whole group (it and its copies) has nothing stronger than looks."""
        return not any(self._is_held(m) for m in self._sets.members(n))


def _make(structure: Structure) -> tuple[int, int, float]:
    return structure.width, structure.height, structure.fps


class _Report:
    """What came of it: groups with their names and cameras, items with what speaks for them."""

    def __init__(
        self,
        clues: Sequence[Clues],
        alike: Sequence[tuple[int, int, float]],
        folders: Mapping[int, Pieces],
        sets: Sets,
        work: _Work,
    ) -> None:
        self._clues, self._folders, self._sets, self._work = clues, folders, sets, work
        self._scores: dict[int, float] = {}
        for first, second, score in alike:
            if sets.root(first) == sets.root(second):
                for n in (first, second):
                    self._scores[n] = max(score, self._scores.get(n, 0.0))

    def made(self, known: Mapping[str, int]) -> Placing:
        groups = [members for members in self._sets.all() if any(map(self._tells, members))]
        cameras = self._cameras(groups, known)
        sites = _numbered(self._site(members) for members in groups)
        return Placing(
            tuple(
                Group(
                    number,
                    cameras.get(number),
                    sites[number],
                    shared(self._clues[n].label for n in members),
                    tuple(sorted({self._clues[n].label_key for n in members} - {""})),
                )
                for number, members in enumerate(groups)
            ),
            tuple(
                self._placed(n, number, home, likeness)
                for number, members in enumerate(groups)
                for home in [_Home.of(members, self._clues, self._folders, self._work.tokens)]
                for n, likeness in zip(members, self._likenesses(members), strict=True)
            ),
        )

    def _tells(self, n: int) -> bool:
        one = self._clues[n]
        return bool(
            one.background or one.label_key or n in self._folders or one.confirmed is not None
        )

    def _cameras(self, groups: Sequence[Sequence[int]], known: Mapping[str, int]) -> dict[int, int]:
        """Group to camera: what people said, else the one that most members were put to before.

        A label that a person confirmed tells the camera only where none of its confirmed items is at
        hand to be compared with, and one group alone bears it: every recorder has a CAM 1.
        """
        taken: dict[int, int] = {}
        wanting: dict[int, list[int]] = {}
        for number, members in enumerate(groups):
            said = {self._clues[n].confirmed for n in members} - {None}
            taken.update((number, one) for one in said if one is not None)
            for camera in {known.get(self._clues[n].label_key) for n in members} - {None}:
                wanting.setdefault(camera or 0, []).append(number)
        present = set(taken.values())
        for camera, numbers in wanting.items():
            if camera not in present and len(numbers) == 1 and numbers[0] not in taken:
                taken[numbers[0]] = camera
        wishes = sorted(
            (-votes, number, camera)
            for number, members in enumerate(groups)
            if number not in taken
            for camera, votes in Counter(self._clues[n].before for n in members).items()
            if camera is not None
        )
        for _, number, camera in wishes:
            if number not in taken and camera not in taken.values():
                taken[number] = camera
        return taken

    def _site(self, members: Sequence[int]) -> str:
        """The folder around the camera's own, where it has one."""
        return shared(
            self._folders[n][0] if len(self._folders.get(n, ())) > 1 else "" for n in members
        )

    def _likenesses(self, members: Sequence[int]) -> list[float]:
        """Of each with the most alike of some others of its group; -1 where there is none."""
        faces = self._work.looks.faces(members)
        if not faces:
            return [-1.0] * len(members)
        alike = self._work.looks.alike(members, faces)
        place = {n: at for at, n in enumerate(members)}
        for column, n in enumerate(faces):
            alike[place[n], column] = -1  # not with itself
        return [float(one) for one in alike.max(axis=1)]

    def _placed(self, n: int, group: int, home: "_Home", likeness: float) -> Placed:
        basis = self._basis(n, home, likeness)
        doubt = 1.0
        for name, value in basis.items():
            doubt *= 1 - WEIGHTS[name] * value
        confidence = 1.0 if Basis.PERSON in basis else min(round(1 - doubt, 3), 0.99)
        return Placed(self._clues[n].key, group, confidence, basis)

    def _basis(self, n: int, home: "_Home", likeness: float) -> dict[Basis, float]:
        one = self._clues[n]
        found: dict[Basis, float] = {}
        if one.confirmed is not None:
            found[Basis.PERSON] = 1.0
        if n in self._scores:
            found[Basis.SAME] = round(self._scores[n], 3)
        if one.label_key:
            found[Basis.LABEL] = 1.0
        if n in self._folders:
            found[Basis.PATH] = 1.0 if home.folders[self._folders[n]] > 1 else 0.7
        elif any(home.tokens[token] > 1 for token in self._work.tokens[n]):
            found[Basis.NAME] = 1.0
        if likeness > 0:
            found[Basis.BACKGROUND] = round(likeness, 3)
        elif not found:
            found[Basis.BACKGROUND] = 0.3  # a camera of its own, for want of any other
        if home.makes[_make(one.structure)] > 1:
            found[Basis.STRUCTURE] = 1.0
        return found


@dataclass(frozen=True, slots=True)
class _Home:
    """How often what is told of items is told in their group."""

    folders: Counter[Pieces]
    tokens: Counter[str]
    makes: Counter[tuple[int, int, float]]

    @classmethod
    def of(
        cls,
        members: Sequence[int],
        clues: Sequence[Clues],
        folders: Mapping[int, Pieces],
        tokens: Mapping[int, frozenset[str]],
    ) -> "_Home":
        return cls(
            Counter(folders[n] for n in members if n in folders),
            Counter(token for n in members for token in tokens[n]),
            Counter(_make(clues[n].structure) for n in members),
        )


def _numbered(names: Iterable[str]) -> list[int | None]:
    """Equal names get equal numbers, from 0; the empty one none."""
    known: dict[str, int] = {}
    return [known.setdefault(name, len(known)) if name else None for name in names]
