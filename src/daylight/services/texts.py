"""Looking for text in an item: labels over the picture, as they were found, and what is written in the scene."""

import os
from typing import Any, Final

from daylight.analyses import text_boxes
from daylight.catalogue.queries.items import ItemView
from daylight.catalogue.queries.tracks import kept_tracks
from daylight.detectors.registry import listed
from daylight.domain.marks import WHOLE, Key
from daylight.domain.media import Kind, MediaFacts
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.domain.redaction_runs import Seen
from daylight.domain.redaction_texts import Texts, linked
from daylight.errors import MediaRefused
from daylight.media.executor import Message, Task
from daylight.media.facts_json import from_json
from daylight.media.mask_moments import PROGRAM, taken
from daylight.media.mask_task import check_done, limits
from daylight.media.overlay_blob import unpack
from daylight.services.redact import facts_of
from daylight.services.studio import size_of
from daylight.services.workspace import Workspace

STEP: Final = 1_000_000  # microseconds between the pictures that are read
LONGEST: Final = 1_920  # pixels
_OVERLAY: Final = "overlay"


def look(ws: Workspace, principal: Principal, item: ItemView, progress: Progress) -> Texts:
    """What was found. Where nothing that reads is installed, labels alone: ``read`` says so.

    Raises ``MediaRefused``, ``PlanRefused`` where there is more than a plan holds, ``SandboxMissing``.
    """
    principal.require(Right.WATCH)
    stored = facts_of(principal, item)
    facts = from_json(stored)
    if facts.kind is Kind.AUDIO:
        raise MediaRefused("it has no pictures")
    labels = _labels(ws, item, facts)
    if not text_boxes.there():
        return Texts(labels, (), read=False)
    heard = _Heard(progress)
    request: dict[str, Any] = {"facts": stored, "step_us": STEP, "longest": LONGEST}
    media = ws.store.open_fd(item.digest)
    try:
        with ws.start_executor(1) as executor:
            task = Task(PROGRAM, request, [media], limits(stored))
            check_done(executor.run(task, heard.hear))
    finally:
        os.close(media)
    if not heard.ended or not heard.seen:
        raise MediaRefused("no picture of it could be decoded")
    return Texts(labels, linked(heard.seen, STEP), read=True)


def _labels(ws: Workspace, item: ItemView, facts: MediaFacts) -> tuple[Key, ...]:
    """Lines that stand over the picture, with their margin, as the detector ``overlay`` found them."""
    kept = kept_tracks(item.digest, _OVERLAY, listed()[_OVERLAY].version, _OVERLAY)
    if kept is None or kept.blob is None:
        return ()
    with os.fdopen(ws.store.open_fd(kept.blob), "rb", buffering=0) as file:
        data = file.read()
    try:
        strips = unpack(data)
    except ValueError as error:
        raise MediaRefused("the lines that were found over it make no sense") from error
    cuts = dict.fromkeys(one.cut for one in strips)
    made = (_key(cut, size_of(facts)) for cut in cuts)
    return tuple(one for one in made if one is not None)


def _key(cut: tuple[int, int, int, int], size: tuple[int, int]) -> Key | None:
    left, top, wide, tall = cut
    x, y = left * WHOLE // size[0], top * WHOLE // size[1]
    right = min(WHOLE, -(-(left + wide) * WHOLE // size[0]))
    bottom = min(WHOLE, -(-(top + tall) * WHOLE // size[1]))
    if x >= right or y >= bottom:
        return None
    return Key(0, x, y, right - x, bottom - y)


class _Heard:
    """Pictures are read as they come, and let go."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.seen: list[Seen] = []
        self.ended = False

    def hear(self, message: Message) -> None:
        if self.ended or message.untrusted_kind not in ("moment", "end"):
            raise MediaRefused("the worker sent what makes no sense: a message")
        if message.untrusted_kind == "end":
            self.ended = True
            return
        after = self.seen[-1][0] if self.seen else -1
        at, luma = taken(message.untrusted_facts, message.untrusted_payload, LONGEST, after)
        self.seen.append((at, text_boxes.boxes(luma)))
        self._progress.say(f"{at // 1_000_000} s")
