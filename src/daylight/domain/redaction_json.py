"""Plans of what is covered as JSON, ``redaction/1``: written one way, read with suspicion.

What is read may come from anybody: every number is bounded, every list counted, nothing unknown is passed
over, and what is refused is refused whole.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

from daylight.domain.digest import Digest
from daylight.domain.marks import WHOLE, Key, Span
from daylight.domain.plan_fields import (
    MAX_NAME,
    Fields,
    box_of,
    choice_of,
    key_of,
    list_of,
    span_of,
    whole_number,
    whole_numbers,
)
from daylight.domain.redaction import (
    MAX_CORNERS,
    MAX_KEYS,
    MAX_LISTED,
    MAX_REGIONS,
    Choice,
    Codec,
    Demand,
    Growth,
    Label,
    Output,
    Plan,
    Region,
    Shape,
    Sounding,
    SoundSpan,
    State,
    WholeSpan,
    Word,
)
from daylight.domain.tracks import Basis, Sort
from daylight.errors import PlanRefused

SCHEMA: Final = "redaction/1"
MAX_BYTES: Final = 64 << 20
_T = TypeVar("_T")


def encode(plan: Plan) -> bytes:
    """The one way it is written: what its digest is of."""
    body = to_json(plan)
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(plan: Plan) -> str:
    """SHA-256 of :func:`encode`, hexadecimal."""
    return digest_of_encoded(encode(plan))


def digest_of_encoded(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def decode(data: bytes) -> Plan:
    """What :func:`encode` wrote, or anybody else. ``PlanRefused`` for anything that is no plan."""
    if len(data) > MAX_BYTES:
        raise PlanRefused("a plan is not larger than 64 MiB")
    try:
        said = json.loads(data, parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise PlanRefused("a plan is JSON with each key once and finite numbers") from error
    return from_json(said)


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def to_json(plan: Plan) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "item": plan.item.hex(),
        "span": _span_json(plan.span),
        "regions": [_region_json(one) for one in plan.regions],
        "labels": [
            {
                "name": one.name,
                "box": _box_json(one.box),
                "do": one.choice.value,
                "text": one.text,
                **_word_json(one.word),
            }
            for one in plan.labels
        ],
        "whole": [{"span": _span_json(one.span), **_word_json(one.word)} for one in plan.whole],
        "demands": [
            {
                "span": _span_json(one.span),
                "picture": one.picture,
                "sound": one.sound,
                "box": None if one.box is None else _box_json(one.box),
                **_word_json(one.word),
            }
            for one in plan.demands
        ],
        "sound": [
            {"span": _span_json(one.span), "do": one.sounding.value, **_word_json(one.word)}
            for one in plan.sound
        ],
        "everyone": _word_json(plan.everyone),
        "bodies": plan.bodies,
        "fill": list(plan.fill),
        "growth": {
            "share": plan.growth.share,
            "pixels": plan.growth.pixels,
            "before_us": plan.growth.before_us,
            "after_us": plan.growth.after_us,
        },
        "output": _output_json(plan.output),
    }


def _region_json(one: Region) -> dict[str, Any]:
    return {
        "name": one.name,
        "sort": one.sort.value,
        "shape": one.shape.value,
        "corners": [list(corner) for corner in one.corners],
        "keys": [[key.at_us, key.left, key.top, key.width, key.height] for key in one.keys],
        "bases": [basis.value for basis in one.bases],
        "score": round(float(one.score), 4),  # 1 is written like 1.0: one plan has one digest
        "state": one.state.value,
        "person": one.person,
        **_word_json(one.word),
    }


def _output_json(one: Output) -> dict[str, Any]:
    return {
        "codec": one.codec.value,
        "quality": one.quality,
        "crop": None if one.crop is None else list(one.crop),
        "width": one.width,
        "rate": None if one.rate is None else list(one.rate),
        "denoise": one.denoise,
    }


def _word_json(word: Word) -> dict[str, str]:
    return {"by": word.by, "why": word.why}


def _span_json(span: Span | None) -> list[int] | None:
    return None if span is None else [span.start_us, span.end_us]


def _box_json(box: Key) -> list[int]:
    return [box.left, box.top, box.width, box.height]


def from_json(value: object) -> Plan:
    """As :func:`decode`, of what was parsed already."""
    said = Fields(value, "the plan")
    if said.take("schema") != SCHEMA:
        raise PlanRefused(f"it is not of the form {SCHEMA}")
    span = said.take("span")
    plan = Plan(
        item=_digest(said.take("item")),
        span=None if span is None else span_of(span, "the plan"),
        regions=_regions(said.many("regions", MAX_REGIONS)),
        labels=_each(said, "labels", _label),
        whole=_each(said, "whole", _whole),
        demands=_each(said, "demands", _demand),
        sound=_each(said, "sound", _sound),
        everyone=_everyone(said.take("everyone")),
        bodies=said.flag("bodies"),
        fill=_fill(said.take("fill")),
        growth=_growth(said.take("growth")),
        output=_output(said.take("output")),
    )
    said.end()
    names = [one.name for one in plan.regions] + [one.name for one in plan.labels]
    if len(set(names)) < len(names):
        raise PlanRefused("two regions or labels have one name")
    return plan


def _each(said: Fields, key: str, make: Callable[[Fields], _T]) -> tuple[_T, ...]:
    made = []
    for number, value in enumerate(said.many(key, MAX_LISTED), 1):
        fields = Fields(value, f"number {number} of {key}")
        made.append(make(fields))
        fields.end()
    return tuple(made)


def _regions(values: list[Any]) -> tuple[Region, ...]:
    left, made = MAX_KEYS, []
    for number, value in enumerate(values, 1):
        fields = Fields(value, f"region {number}")
        one = _region(fields, left)
        fields.end()
        left -= len(one.keys)
        made.append(one)
    return tuple(made)


def _region(said: Fields, left: int) -> Region:
    keys = tuple(key_of(one, said.where) for one in said.many("keys", left))
    times = [key.at_us for key in keys]
    if not keys or times != sorted(set(times)):
        raise PlanRefused(f"{said.where}: key frames stand in the order of time, each moment once")
    shape = said.one_of("shape", Shape)
    corners = tuple(_corner(one, said.where) for one in said.many("corners", MAX_CORNERS))
    if (shape is Shape.POLYGON) != bool(corners) or 0 < len(corners) < 3:
        raise PlanRefused(f"{said.where}: a polygon has three corners or more, and no other shape")
    bases = tuple(choice_of(one, Basis, said.where) for one in said.many("bases", left))
    if bases and len(bases) != len(keys):
        raise PlanRefused(f"{said.where}: there is one basis for each key frame")
    state, word = said.one_of("state", State), said.word()
    if state is not State.COVERED and not word.given:
        raise PlanRefused(f"{said.where}: what is not covered bears who decided so, and why")
    return Region(
        name=_name(said),
        sort=said.one_of("sort", Sort),
        keys=keys,
        bases=bases,
        score=_score(said.take("score"), said.where),
        shape=shape,
        corners=corners,
        state=state,
        word=word,
        person=said.text("person", MAX_NAME),
    )


def _label(said: Fields) -> Label:
    made = Label(
        name=_name(said),
        box=box_of(said.take("box"), said.where),
        choice=said.one_of("do", Choice),
        text=said.text("text", MAX_NAME),
        word=said.word(),
    )
    if made.choice is Choice.KEEP and not made.word.given:
        raise PlanRefused(f"{said.where}: what is not covered bears who decided so, and why")
    if (made.choice is Choice.REPLACE) != bool(made.text):
        raise PlanRefused(f"{said.where}: a text replaces a label, and nothing else has one")
    return made


def _whole(said: Fields) -> WholeSpan:
    return WholeSpan(said.span(), said.word(needed=True))


def _demand(said: Fields) -> Demand:
    box = said.take("box")
    return Demand(
        span=said.span(),
        word=said.word(needed=True),
        picture=said.flag("picture"),
        sound=said.flag("sound"),
        box=None if box is None else box_of(box, said.where),
    )


def _sound(said: Fields) -> SoundSpan:
    return SoundSpan(said.span(), said.one_of("do", Sounding), said.word(needed=True))


def _everyone(value: object) -> Word:
    said = Fields(value, "everyone")
    word = said.word()
    said.end()
    return word


def _growth(value: object) -> Growth:
    said = Fields(value, "growth")
    made = Growth(
        share=said.number("share", 0, WHOLE),
        pixels=said.number("pixels", 0, 1_000),
        before_us=said.number("before_us", 0, 10**8),
        after_us=said.number("after_us", 0, 10**8),
    )
    said.end()
    return made


def _output(value: object) -> Output:
    said = Fields(value, "output")
    crop, width, rate = said.take("crop"), said.take("width"), said.take("rate")
    made = Output(
        codec=said.one_of("codec", Codec),
        quality=said.number("quality", 10, 34),
        crop=None if crop is None else _crop(crop),
        width=None if width is None else whole_number(width, 16, 8192, "output, width"),
        rate=None if rate is None else _rate(rate),
        denoise=said.number("denoise", 0, 3),
    )
    said.end()
    return made


def _crop(value: object) -> tuple[int, int, int, int]:
    box = box_of(value, "output, crop")
    return box.left, box.top, box.width, box.height


def _rate(value: object) -> tuple[int, int]:
    parts = list_of(value, 2, "output, rate")
    if len(parts) != 2:
        raise PlanRefused("output, rate: a numerator and a denominator")
    top, bottom = (whole_number(one, 1, 100_000, "output, rate") for one in parts)
    if top > 240 * bottom or bottom > 60 * top:
        raise PlanRefused("output, rate: between one picture a minute and 240 a second")
    return top, bottom


def _name(said: Fields) -> str:
    name = said.text("name", MAX_NAME)
    if not name.strip():
        raise PlanRefused(f"{said.where} has no name")
    return name


def _digest(value: object) -> Digest:
    if not isinstance(value, str) or len(value) != 64 or set(value) - set("0123456789abcdef"):
        raise PlanRefused("an item is named by its SHA-256")
    return Digest(bytes.fromhex(value))


def _score(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise PlanRefused(f"{where}: a score lies between 0 and 1")
    return float(value)


def _corner(value: object, where: str) -> tuple[int, int]:
    across, down = whole_numbers(value, 2, where)
    if max(across, down) > WHOLE:
        raise PlanRefused(f"{where}: corners lie in the box")
    return across, down


def _fill(value: object) -> tuple[int, int, int]:
    red, green, blue = (
        whole_number(one, 0, 255, "fill") for one in whole_numbers(value, 3, "fill")
    )
    return red, green, blue
