"""Signs of how recordings were written: what strikes the eye in one, and what sets it apart."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from daylight.analyses.clock_signs import clock_signs
from daylight.analyses.integrity import Remark, Written, remarks
from daylight.analyses.name_signs import name_signs
from daylight.catalogue.queries.signs import clocks_seen, names_seen
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
    return _signs(principal, "")


def signs_of(principal: Principal, public_id: str) -> ItemSigns | None:
    """Of one item, None where it has none; it is compared with the others of its camera."""
    return next((one for one in _signs(principal, public_id) if one.public_id == public_id), None)


def _signs(principal: Principal, public_id: str) -> list[ItemSigns]:
    views = structures(principal, public_id)
    apart: dict[bytes, list[Remark]] = defaultdict(list)
    for remark in remarks(filter(None, map(_written, views))):
        apart[remark.item].append(remark)
    found: dict[int, ItemSigns] = {}

    def note(key: int, name: str, observed: Iterable[Observation]) -> None:
        before = found.get(key, ItemSigns(name, None, (), ()))
        found[key] = replace(before, observations=(*before.observations, *observed))

    for one in views:
        told = tuple(apart.get(one.digest, ()))
        found[one.key] = ItemSigns(one.public_id, one.camera, _observed(one.facts), told)
    for key, (name, clock) in clocks_seen(principal, public_id).items():
        note(key, name, clock_signs(clock))
    for key, named in names_seen(principal, public_id).items():
        note(key, named.public_id, name_signs(named.kind, named.untrusted_names))
    return [one for _, one in sorted(found.items()) if one.observations or one.remarks]


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
    return tuple(_observation(row, facts) for row in rows if isinstance(row, Mapping))


def _observation(row: Mapping[str, Any], facts: Mapping[str, Any]) -> Observation:
    sign, text, can, cannot = (_text(row.get(one)) for one in ("sign", "text", "can", "cannot"))
    values = _VALUES.get(sign)
    return Observation(sign, text, can, cannot, () if values is None else values(facts))


def _spans(name: str) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    def values(facts: Mapping[str, Any]) -> tuple[str, ...]:
        """How often, the longest, and where it is: in seconds."""
        told = facts.get(name)
        count, spans = (
            (told.get("count"), told.get("spans")) if isinstance(told, Mapping) else (0, [])
        )
        rows = [one for one in spans if _is_pair(one)] if isinstance(spans, list) else []
        at, length = max(rows, key=lambda one: one[1], default=(0, 0))
        return (str(_number(count)), f"{length / 1000:.1f}", f"{at / 1000:.1f}")

    return values


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(n, int) for n in value)


def _numbers(*names: str) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    return lambda facts: tuple(str(_number(facts.get(name))) for name in names)


# What stands within the sentences of the detector, for who says them in another language.
_VALUES: Final[Mapping[str, Callable[[Mapping[str, Any]], tuple[str, ...]]]] = {
    "gaps": _spans("gaps"),
    "times-run-back": _spans("ran_back"),
    "parameters-change": _numbers("parameter_sets"),
    "key-frames-off-beat": _numbers("group", "irregular_groups"),
}


def _text(value: object) -> str:
    """Cut, and without what a terminal would obey."""
    text = value[:_LONGEST] if isinstance(value, str) else ""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
