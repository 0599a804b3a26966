"""What is known of where a recording was made, and where it is proposed to belong; frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from daylight.domain.background import Background


class Basis(StrEnum):
    """Why an item is put to a camera, strongest first. A leaked path is never named, only weighed."""

    PERSON = "person"  # somebody said so
    SAME = "same-footage"  # it shows what another recording of that camera shows
    LABEL = "label"  # the channel name that is burnt into the picture
    PATH = "path"  # the folder it lay in
    NAME = "file-name"  # a part of its file's name
    BACKGROUND = "background"  # what stands still in the picture
    STRUCTURE = "structure"  # codec, size, frame rate, encoder


@dataclass(frozen=True, slots=True)
class Structure:
    """How the file is made. ``fps`` is rounded to a hundredth, 0 unknown."""

    container: str = ""
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    encoder: str = ""


@dataclass(frozen=True, slots=True)
class Clues:
    """Of one item, by its ``key``.

    ``untrusted_paths``: the names it came under, in pieces, outermost first; used here alone and
    told nobody. ``confirmed``, ``before``: keys of the camera that a person, or an earlier run, put
    it to.
    """

    key: int
    structure: Structure
    background: Background | None = None
    label: str = ""
    label_key: str = ""
    untrusted_paths: tuple[tuple[str, ...], ...] = ()
    confirmed: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """Two items, by key, that show the same footage, with a ``score`` in [0, 1]."""

    first: int
    second: int
    score: float


@dataclass(frozen=True, slots=True)
class Placed:
    """``item`` belongs to the ``group`` of that number. ``basis``: what speaks for it, each in [0, 1]."""

    item: int
    group: int
    confidence: float
    basis: Mapping[Basis, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """One camera, as proposed. ``camera``: the key of the one it is taken for, None is a new one.

    ``site``: cameras with the same number seem to belong to one facility; None unknown.
    """

    number: int
    camera: int | None
    site: int | None
    label: str
    label_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Placing:
    groups: tuple[Group, ...]
    placed: tuple[Placed, ...]
