"""Files that were written otherwise than the others of their camera.

A camera, or the recorder behind it, writes all its files in one way: one layout, one set of encoder
strings, one time base, one codec header. Which of a camera's files differ from most of the others is
observed here, in sentences. Nothing here says that a file is genuine or that it is not.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from daylight.domain.observation import Observation

VERSION: Final = 1
FEWEST: Final = 3  # files of a camera, before there is a habit
MOSTLY: Final = 0.6  # of them that write alike


@dataclass(frozen=True, slots=True)
class Written:
    """How one item was written: the facts of the detector ``structure``, and what it is.

    ``camera``: as placed by people or by another analysis; None: not placed, then it is
    compared with those of its codec, size and rate.
    """

    item: bytes
    camera: str | None
    codec: str
    size: tuple[int, int]
    fps: float | None
    layout_id: str
    strings: tuple[str, ...]
    parameters_id: str
    time_base: tuple[int, int]
    group: int | None


@dataclass(frozen=True, slots=True)
class Remark:
    """``among``: how many files it was compared with; ``share``: how many of them write alike.

    ``placed``: whether the camera was known; else files of one codec, size and rate were compared.
    """

    item: bytes
    observation: Observation
    among: int
    share: float
    placed: bool


@dataclass(frozen=True, slots=True)
class _Trait:
    sign: str
    text: str
    can: str
    cannot: str
    of: Callable[[Written], str]


_CONVERTED: Final = (
    "It was exported, converted or cut by another program, or by another version of the recorder's."
)
_NOT_CONTENT: Final = "It does not show that what is seen was changed; the same pictures can be put into another container."
_TRAITS: Final = (
    _Trait(
        "layout-differs",
        "Its parts are laid out otherwise than in most files of this camera.",
        _CONVERTED,
        _NOT_CONTENT,
        lambda one: one.layout_id,
    ),
    _Trait(
        "writer-differs",
        "It names other programs than most files of this camera do.",
        _CONVERTED,
        "Names can be written by anybody. That they are alike in other files proves nothing of those.",
        lambda one: "\n".join(sorted(one.strings)),
    ),
    _Trait(
        "encoding-differs",
        "Its codec header differs from that of most files of this camera.",
        "The camera was set otherwise, or the pictures were encoded anew.",
        "It does not tell the two apart.",
        lambda one: one.parameters_id,
    ),
    _Trait(
        "time-base-differs",
        "Its times are counted in other units than in most files of this camera.",
        _CONVERTED,
        _NOT_CONTENT,
        lambda one: "{}/{}".format(*one.time_base),
    ),
    _Trait(
        "rhythm-differs",
        "Its key frames come at another distance than in most files of this camera.",
        "The camera was set otherwise, or the pictures were encoded anew.",
        "It does not tell the two apart.",
        lambda one: "" if one.group is None else str(one.group),
    ),
)


def remarks(files: Iterable[Written]) -> list[Remark]:
    """In the order of items. What a file does not have (an empty trait) is not compared."""
    groups: dict[tuple[object, ...], list[Written]] = defaultdict(list)
    for one in files:
        groups[_company(one)].append(one)
    found = [
        remark
        for company in groups.values()
        if len(company) >= FEWEST
        for trait in _TRAITS
        for remark in _odd_ones(company, trait)
    ]
    return sorted(found, key=lambda one: (one.item, one.observation.sign))


def _company(one: Written) -> tuple[object, ...]:
    if one.camera is not None:
        return ("camera", one.camera)
    return ("shape", one.codec, one.size, None if one.fps is None else round(one.fps, 1))


def _odd_ones(company: Sequence[Written], trait: _Trait) -> list[Remark]:
    values = [(one, trait.of(one)) for one in company]
    counted = Counter(value for _, value in values if value)
    total = sum(counted.values())
    if total < FEWEST:
        return []
    usual, often = min(counted.items(), key=lambda one: (-one[1], one[0]))
    share = often / total
    if share < MOSTLY:
        return []
    said = Observation(trait.sign, _with_company(trait.text, company[0]), trait.can, trait.cannot)
    return [
        Remark(one.item, said, total - 1, share, company[0].camera is not None)
        for one, value in values
        if value and value != usual
    ]


def _with_company(text: str, one: Written) -> str:
    """Who it was compared with, where no camera is known."""
    if one.camera is not None:
        return text
    return text.replace("files of this camera", "files of this codec, size and rate")
