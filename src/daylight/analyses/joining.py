"""Sets that are joined, unless what is known of them keeps them apart."""

from collections.abc import Iterator, Sequence


class Sets:
    """Items 0, 1, … each alone at first, with the ``labels`` and ``cameras`` known of each."""

    def __init__(self, labels: Sequence[set[str]], cameras: Sequence[set[int]]) -> None:
        self._parent = list(range(len(labels)))
        self._members = {n: [n] for n in range(len(labels))}
        self._labels = [set(one) for one in labels]
        self._cameras = [set(one) for one in cameras]

    def root(self, n: int) -> int:
        while self._parent[n] != n:
            self._parent[n] = self._parent[self._parent[n]]
            n = self._parent[n]
        return n

    def members(self, n: int) -> list[int]:
        return self._members[self.root(n)]

    def all(self) -> Iterator[list[int]]:
        """Each set in the order of its first member, its members ascending."""
        yield from sorted(sorted(members) for members in self._members.values())

    def join(self, first: int, second: int, *, whatever_the_label: bool = False) -> bool:
        """Whether they are one set now. Different cameras never are; different labels only if told."""
        one, other = sorted((self.root(first), self.root(second)))
        if one == other:
            return True
        if len(self._cameras[one] | self._cameras[other]) > 1:
            return False
        labelled = self._labels[one] and self._labels[other]
        if labelled and not whatever_the_label and not self._labels[one] & self._labels[other]:
            return False
        self._parent[other] = one
        self._members[one] += self._members.pop(other)
        self._labels[one] |= self._labels[other]
        self._cameras[one] |= self._cameras[other]
        return True
