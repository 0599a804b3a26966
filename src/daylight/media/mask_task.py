"""Having a film rendered in the sandbox, from outside: the tasks, and what they send written down."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from daylight.domain.marks import Span
from daylight.domain.redaction import Plan, WholeSpan, Word
from daylight.domain.redaction_json import encode
from daylight.errors import MediaRefused, RedactionFailed
from daylight.media.executor import End, Executor, Message, Outcome, Task, TaskLimits
from daylight.media.mask import PROGRAM
from daylight.media.mask_again import KIND as FRAME
from daylight.media.mask_again import Wanted
from daylight.media.mask_check import MOST_FAULTS
from daylight.media.mask_check import PROGRAM as CHECK
from daylight.media.mask_film import Film, pair
from daylight.media.mask_still import FAR as FURTHEST
from daylight.media.mask_still import PROGRAM as STILL
from daylight.media.mask_still import check_still

_DAMAGE: Final = Word("renderer", "damaged")
_LONGEST: Final = 48 * 3600.0  # seconds
_MESSAGE: Final = 256 << 20  # bytes: a coded picture may be large
_TOTAL: Final = 1 << 42


@dataclass(frozen=True, slots=True)
class Rendered:
    """``passes``: two where damage was met on the first: its groups are covered whole then."""

    film: Film
    passes: int
    damaged: tuple[Span, ...]


def render(
    executor: Executor,
    facts: dict[str, Any],
    plan: Plan,
    media: int,
    file: BinaryIO,
    within: TaskLimits | None = None,
) -> Rendered:
    """Write the film to ``file``, which is empty, seekable and readable. ``media``: a descriptor. ``within``: limits
    in place of those that the length asks for.

    Damage shows itself late, so that pictures before it in its group may bear it unseen: then all is rendered
    again, with those groups covered whole. Raises ``MediaRefused``, ``RedactionFailed``: what is in ``file``
    is nothing to be kept.
    """
    film = _once(executor, facts, plan, media, file, within)
    if not film.damaged:
        return Rendered(film, 1, ())
    damaged = film.damaged
    whole = (*plan.whole, *(WholeSpan(span, _DAMAGE) for span in damaged))
    file.seek(0)
    file.truncate()
    film = _once(executor, facts, replace(plan, whole=whole), media, file, within)
    return Rendered(film, 2, damaged)


def _once(
    executor: Executor,
    facts: dict[str, Any],
    plan: Plan,
    media: int,
    file: BinaryIO,
    within: TaskLimits | None,
) -> Film:
    film, said = Film(file, plan.output.codec), memory_file(encode(plan))
    try:
        task = Task(PROGRAM, {"facts": facts}, [media, said], within or limits(facts))
        check_done(executor.run(task, film.hear))
    finally:
        os.close(said)
    film.finish()
    return film


@dataclass(frozen=True, slots=True)
class Look:
    """``show``: is handed pictures of the film while it is checked: when they are shown, and RGB."""

    wanted: Wanted
    show: Callable[[int, NDArray[np.uint8]], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """What looking at a finished film found. ``worst``, ``mean``: how far pixels in masks are from the paint.

    ``sheets``: JPEGs of the moments that were asked for, with their times in microseconds.
    """

    faults: tuple[str, ...]
    tracks: tuple[str, ...]
    frames: int
    places: int
    worst: int
    mean: float
    sheets: tuple[tuple[bytes, tuple[int, ...]], ...]


def check(
    executor: Executor,
    rendered: Rendered,
    plan: Plan,
    picks: Sequence[int],
    film: int,
    facts: dict[str, Any],
    look: Look | None = None,
) -> Checked:
    """Look at a film in the sandbox. ``film``: a descriptor.

    Raises ``MediaRefused`` where it cannot even be read, ``RedactionFailed`` where the checker makes no sense.
    """
    messages: list[Message] = []

    def hear(message: Message) -> None:
        if look is not None and message.untrusted_kind == FRAME:
            look.show(*look.wanted.taken(message))
        else:
            messages.append(message)

    whole = (*plan.whole, *(WholeSpan(span, _DAMAGE) for span in rendered.damaged))
    said = memory_file(encode(replace(plan, whole=whole)))
    wanted: dict[str, Any] = {
        "first_us": rendered.film.first_us,
        "size": list(rendered.film.upright),
        "picks": list(picks),
        "look": None if look is None else look.wanted.to_json(),
    }
    try:
        check_done(executor.run(Task(CHECK, wanted, [film, said], limits(facts)), hear))
    finally:
        os.close(said)
    return _checked(messages, rendered)


def _checked(messages: Sequence[Message], rendered: Rendered) -> Checked:
    *sheets, last = messages or [Message("", None, b"")]
    facts = last.untrusted_facts
    if last.untrusted_kind != "checked" or not isinstance(facts, dict):
        raise RedactionFailed("the check did not come to an end")
    try:
        faults = [str(one)[:200] for one in facts["faults"]][:MOST_FAULTS]
        frames = int(facts["frames"])
        times = str(facts["times"])
        if frames != rendered.film.pictures or times != rendered.film.times_digest():
            faults.append("pictures or their times are others than were written")
        return Checked(
            tuple(faults),
            tuple(str(one)[:8] for one in facts["tracks"]),
            frames,
            int(facts["places"]),
            int(facts["worst"]),
            float(facts["mean"]),
            tuple(_sheet(one) for one in sheets),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RedactionFailed("the check makes no sense") from error


def _sheet(message: Message) -> tuple[bytes, tuple[int, ...]]:
    facts, data = message.untrusted_facts, message.untrusted_payload
    if message.untrusted_kind != "sheet" or not isinstance(facts, dict):
        raise ValueError("no sheet")
    if data[:3] != b"\xff\xd8\xff" or data[-2:] != b"\xff\xd9":
        raise ValueError("no JPEG")
    return data, tuple(int(one) for one in facts["at"])


def limits(facts: dict[str, Any]) -> TaskLimits:
    """By how much there is to decode: no honest film takes longer than forty times itself."""
    seconds = min(_LONGEST, 600 + 40 * _seconds(facts))
    return TaskLimits(
        wall_seconds=seconds,
        cpu_seconds=int(2 * seconds),
        message_bytes=_MESSAGE,
        total_bytes=_TOTAL,
        facts_bytes=1 << 30,
    )


def _seconds(facts: dict[str, Any]) -> float:
    duration = facts.get("duration")
    if isinstance(duration, list) and len(duration) == 2:
        return min(_LONGEST, float(duration[0]) / max(1, float(duration[1])))
    return _LONGEST / 40


def check_done(outcome: Outcome) -> None:
    if outcome.end is End.DONE:
        return
    said = outcome.untrusted_reason if outcome.end is End.FAILED else ""
    plain = "".join(sign for sign in said if sign.isprintable())[:200]
    raise MediaRefused(f"it cannot be rendered ({outcome.end.value}{': ' if plain else ''}{plain})")


def memory_file(data: bytes) -> int:
    """A descriptor of these bytes, the caller's to close."""
    descriptor = os.memfd_create("given", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(data)
    return descriptor


@dataclass(frozen=True, slots=True)
class Still:
    """``furthest``: how far pixels in masks are from the paint; ``size``, ``upright``: of it, of the original."""

    data: bytes
    furthest: int
    size: tuple[int, int]
    upright: tuple[int, int]


def render_still(
    executor: Executor, facts: dict[str, Any], plan: Plan, media: int, form: str
) -> Still:
    """A picture as JPEG or PNG.

    Raises ``MediaRefused``; ``RedactionFailed`` where what came is no plain picture, or is not covered.
    """
    said = memory_file(encode(plan))
    request = {"container": facts.get("container", ""), "demuxer": facts.get("demuxer", "")}
    try:
        outcome = executor.run(Task(STILL, {**request, "form": form}, [media, said]))
        check_done(outcome)
    finally:
        os.close(said)
    messages = outcome.messages
    told = messages[0].untrusted_facts if len(messages) == 1 else None
    if not isinstance(told, dict) or messages[0].untrusted_kind != "still":
        raise RedactionFailed("the renderer sent what makes no sense: a picture")
    furthest = told.get("worst")
    try:
        check_still(messages[0].untrusted_payload, form)
    except (ValueError, IndexError) as error:
        raise RedactionFailed(f"what was made is no plain picture: {error}") from error
    if type(furthest) is not int or furthest > FURTHEST[form]:
        raise RedactionFailed("what was made did not pass its check: it is not covered")
    try:
        size, upright = pair(told.get("size")), pair(told.get("upright"))
    except ValueError as error:
        raise RedactionFailed("the renderer sent what makes no sense: a size") from error
    return Still(messages[0].untrusted_payload, furthest, size, upright)
