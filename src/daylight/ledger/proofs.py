"""RFC 6962 sections 2.1.1 and 2.1.2: proofs from stored subtrees, and their checks (RFC 9162 2.1.3.2,
2.1.4.2).

A proof is a list of 32-byte hashes. ``Nodes`` looks up the root of a complete subtree.
"""

from collections.abc import Callable, Sequence

from daylight.ledger.merkle import EMPTY_ROOT, Frontier, frontier_positions, node_hash

_HASH = 32  # bytes
Nodes = Callable[[int, int], bytes]  # (level, position) → hash


def root_at(size: int, nodes: Nodes) -> bytes:
    """The root that the tree had with ``size`` leaves."""
    if size == 0:
        return EMPTY_ROOT
    return Frontier(size, tuple(nodes(*one) for one in frontier_positions(size))).root()


def inclusion(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """The audit path of leaf ``index`` in the tree of ``size`` leaves; ``ValueError`` outside it."""
    if not 0 <= index < size:
        raise ValueError("there is no such leaf in a tree of this size")
    return _path(index, 0, size, nodes)


def _path(index: int, first: int, last: int, nodes: Nodes) -> list[bytes]:
    """PATH(m, D[first:last]), leaf upwards."""
    steps: list[bytes] = []
    while last - first > 1:
        middle = first + _split(last - first)
        if index < middle:
            steps.append(_range(middle, last, nodes))
            last = middle
        else:
            steps.append(_range(first, middle, nodes))
            first = middle
    return steps[::-1]


def consistency(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """PROOF(old, D[new]): that the tree of ``old`` leaves is how that of ``new`` began."""
    if not 0 < old <= new:
        raise ValueError("a tree grows from one size to another")
    steps: list[bytes] = []
    first, last, whole = 0, new, True
    while old != last:
        middle = first + _split(last - first)
        if old <= middle:
            steps.append(_range(middle, last, nodes))
            last = middle
        else:
            steps.append(_range(first, middle, nodes))
            first, whole = middle, False
    if not whole:
        steps.append(_range(first, last, nodes))
    return steps[::-1]


def _split(count: int) -> int:
    """The largest power of two smaller than ``count``."""
    return 1 << (count - 1).bit_length() - 1


def _range(first: int, last: int, nodes: Nodes) -> bytes:
    """The root over leaves ``[first, last)``, where ``first`` is a multiple of a large enough power."""
    count = last - first
    positions = [(level, (first >> level) + at) for level, at in frontier_positions(count)]
    return Frontier(count, tuple(nodes(*one) for one in positions)).root()


def root_of_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that ``proof`` leads to from the leaf's hash. ``ValueError`` if it has not its length."""
    if not 0 <= index < size:
        raise ValueError("there is no such leaf in a tree of this size")
    if any(len(one) != _HASH for one in (leaf, *proof)):
        raise ValueError("a proof is made of hashes")
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return result


def includes(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf with this hash is number ``index`` of the tree with ``root``."""
    try:
        return root_of_inclusion(index, size, leaf, proof) == root
    except ValueError:
        return False


def is_consistent(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree of ``old`` leaves is how that of ``new`` began. An empty tree proves nothing."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    steps = list(proof)
    if not old & (old - 1):
        steps.insert(0, old_root)
    if not steps:
        return False
    roots = _climb(old - 1, new - 1, steps)
    return roots == (old_root, new_root)


def _climb(node: int, last: int, steps: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Both roots that the steps lead to; None if there are too few or too many."""
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, step)
        node, last = node >> 1, last >> 1
    return None if last else (old, new)
