"""Looking again at what was made, before it gets its name: whether a face is seen where none should be.

A release is refused where one is seen, or where nobody can look; a draft says so in its report.
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daylight.detectors import again
from daylight.detectors.again import Again, Spot
from daylight.detectors.centerface import GRAPH, SIGNATURE, graph
from daylight.detectors.enlarged import Picture
from daylight.detectors.looking import Looker, looker
from daylight.detectors.pictures import PROGRAM, Frame, Frames
from daylight.domain.marks import WHOLE, Key
from daylight.domain.media import Kind, MediaFacts, State
from daylight.domain.models import FACES
from daylight.domain.redaction import Plan
from daylight.errors import FaceSeen, ModelMissing, RedactionFailed
from daylight.media import mask_task
from daylight.media.executor import Executor, Message, Task
from daylight.media.facts_json import to_json
from daylight.media.mask_again import Wanted
from daylight.media.mask_film import Film
from daylight.media.mask_frames import SMALLEST
from daylight.media.program import Json
from daylight.services import faces
from daylight.services.belt import Belt
from daylight.services.workspace import Workspace
from daylight.storage import models

NOT_LOOKED: Final[Mapping[str, Any]] = {"looked": False}
_MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Checker:
    """``looker``: None where no model is installed. ``refusing``: what goes out is a release."""

    looker: Looker | None
    refusing: bool


@contextmanager
def checker(ws: Workspace, *, refusing: bool) -> Iterator[Checker]:
    """``ModelMissing`` where a release cannot be looked at again, before anything is rendered."""
    if not faces.there():
        if refusing:
            raise ModelMissing(
                "a release is looked at again for faces, and no model that finds them is installed"
            )
        yield Checker(None, refusing)
        return
    model = graph(models.read(FACES))
    with ws.start_inference(model, GRAPH, SIGNATURE) as network:
        yield Checker(looker(network), refusing)


@contextmanager
def at_film(
    checker: Checker, plan: Plan, film: Film
) -> Iterator[tuple[mask_task.Look | None, dict[str, Any]]]:
    """What is to be handed the film's pictures, and what will be told of them afterwards.

    Raises, at its end, ``RedactionFailed`` where a release shows a face.
    """
    told: dict[str, Any] = {}
    if film.picture is None or checker.looker is None:
        told["detector_again"] = None if film.picture is None else dict(NOT_LOOKED)
        yield None, told
        return
    looking = Again(checker.looker, plan, film.upright)
    view = again.looked_at(film.picture.width, film.picture.height)
    with ThreadPoolExecutor(1, thread_name_prefix="again") as pool:
        belt = Belt[tuple[int, Picture]](pool, lambda one: looking.push(*one))
        done = False
        try:
            wanted = Wanted(*view.sent, again.STEP)
            yield mask_task.Look(wanted, lambda at, pixels: belt.put((at, view.of(pixels)))), told
            done = True
        finally:
            belt.stop(whole=done)
    looking.finish()
    told["detector_again"] = _said(looking, view.extent)
    _refuse(checker, looking)


def at_still(
    checker: Checker, executor: Executor, plan: Plan, still: mask_task.Still, form: str
) -> dict[str, Any]:
    """As ``at_film``, of a finished picture; what will be told of it."""
    if checker.looker is None:
        return dict(NOT_LOOKED)
    if min(still.size) <= SMALLEST:
        return {"looked": True, "seen": 0, "looks": 0}  # nobody can be seen in so few pixels
    view = again.looked_at(*still.size)
    output = replace(plan.output, width=None)  # a picture is never scaled
    looking = Again(checker.looker, replace(plan, output=output), still.upright)
    looking.push(0, view.of(_pixels(executor, still.data, form, view.sent)))
    told = _said(looking, view.extent)
    _refuse(checker, looking)
    return told


def _pixels(executor: Executor, data: bytes, form: str, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Of what was made, decoded anew in the sandbox."""
    facts = to_json(MediaFacts(Kind.IMAGE, State.OK, container=form.lower()))
    request: dict[str, Json] = {"facts": facts, "width": size[0], "height": size[1]}
    frames, shown = Frames(*size), list[Frame]()

    def hear(message: Message) -> None:
        frame = frames.take(message)
        if frame is not None:
            shown.append(frame)

    file = mask_task.memory_file(data)
    try:
        mask_task.check_done(executor.run(Task(PROGRAM, request, [file]), hear))
    finally:
        os.close(file)
    if len(shown) != 1:
        raise RedactionFailed("what was made is no one picture")
    return shown[0].pixels


def _said(looking: Again, size: tuple[int, int]) -> dict[str, Any]:
    return {
        "looked": True,
        "model": {"name": FACES.title, "version": FACES.version, "sha256": FACES.digest.hex()},
        "size": list(size),
        "pictures": looking.pictures,
        "looks": looking.looks,
        "seen": looking.seen,
        "spots": [_spot(one) for one in looking.spots],
    }


def _spot(spot: Spot) -> dict[str, Any]:
    key = spot.key
    box = [key.left, key.top, key.width, key.height]
    return {
        "at": key.at_us,
        "box": box,
        "score": round(spot.score, 3),
        "hidden": round(spot.hidden, 3),
    }


def _refuse(checker: Checker, looking: Again) -> None:
    if not looking.seen or not checker.refusing:
        return
    places = "; ".join(_place(one.key) for one in looking.spots[:3])
    raise FaceSeen(f"a face was seen {looking.seen} times when it was looked at again: {places}")


def _place(key: Key) -> str:
    across, down = (
        (low + length / 2) / WHOLE * 100
        for low, length in ((key.left, key.width), (key.top, key.height))
    )
    return (
        f"at {key.at_us / _MICRO:.2f} s, {across:.0f} % from the left and {down:.0f} % from the top"
    )
