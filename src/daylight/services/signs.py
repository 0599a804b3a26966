"""Signs of how recordings were written: what strikes the eye in one, and what sets it apart."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from daylight.analyses.integrity import Remark, Written, remarks
from daylight.catalogue.queries.structures import StructureView, structures
from daylight.domain.observation import Observation
from daylight.domain.principal import Principal

_LONGEST: Final = 1000  # characters of a sentence
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class ItemSigns:
    """``observations``: of this item alone; ``remarks``: against others of its camera."""

    public_id: str
    camera: str | None
    observations: tuple[Observation, ...]
    remarks: tuple[Remark, ...]


def signs(principal: Principal) -> list[ItemSigns]:
    """Of every item that has any. Only items that the principal may see are compared."""
    views = structures(principal)
    apart: dict[bytes, list[Remark]] = defaultdict(list)
    for remark in remarks(filter(None, map(_written, views))):
        apart[remark.item].append(remark)
    made = (
        ItemSigns(one.public_id, one.camera, _observed(one.facts), tuple(apart.get(one.digest, ())))
        for one in views
    )
    return [one for one in made if one.observations or one.remarks]


def _written(one: StructureView) -> Written | None:
    """As the analysis takes it; None where the facts are not what the detector writes."""
    facts = one.facts
    base, strings, group = (
        facts.get("time_base"),
        facts.get("untrusted_strings"),
        facts.get("group"),
    )
    if not isinstance(base, list) or len(base) != 2 or not isinstance(strings, list):
        return None
    return Written(
        item=one.digest,
        camera=one.camera,
        codec=one.codec,
        size=one.size,
        fps=one.fps,
        layout_id=_text(facts.get("layout_id")),
        strings=tuple(map(_text, strings[:_MOST])),
        parameters_id=_text(facts.get("parameters_id")),
        time_base=(_number(base[0]), _number(base[1])),
        group=group if isinstance(group, int) else None,
    )


def _observed(facts: Mapping[str, Any]) -> tuple[Observation, ...]:
    told = facts.get("observations")
    rows = told[:_MOST] if isinstance(told, list) else []
    return tuple(
        Observation(*(_text(row.get(name)) for name in ("sign", "text", "can", "cannot")))
        for row in rows
        if isinstance(row, Mapping)
    )


def _text(value: object) -> str:
    """Cut, and without what a terminal would obey."""
    text = value[:_LONGEST] if isinstance(value, str) else ""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
