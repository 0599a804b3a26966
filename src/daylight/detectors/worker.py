"""The worker process for all else that is done with hostile bytes: ``python -m daylight.detectors.worker``."""

import os

from daylight.detectors import examiner
from daylight.detectors.examiner import CLIPS, clip, ignore, picture
from daylight.detectors.programs import PROGRAMS
from daylight.media import mask, mask_check, mask_follow, mask_moments, mask_still, segments
from daylight.media.cut import Mode
from daylight.media.facts_json import to_json
from daylight.media.frame_ask import FrameAsk, to_request
from daylight.media.keyframes import pack
from daylight.media.probe import probe
from daylight.media.program import Json
from daylight.media.zygote import serve


def warm_up() -> None:
    """Go every way once on known material. Leaves no thread behind."""
    examiner.warm_up()
    film = clip(CLIPS[0])
    for name in ("JPEG", "PNG"):
        _make_smaller(picture(name))
    segments.warm_up()
    _compare(film)
    _hand_out(film)
    for mode in Mode:
        _frames(film, mode)
    _redact(film)


def _make_smaller(data: bytes) -> None:
    descriptor = os.memfd_create("warm-up", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, data)
        PROGRAMS["smaller"]({}, [descriptor], ignore)
    finally:
        os.close(descriptor)


def _compare(data: bytes) -> None:
    descriptor, index = (os.memfd_create("warm-up", os.MFD_CLOEXEC) for _ in range(2))
    try:
        os.write(descriptor, data)
        probed = probe(descriptor)
        os.write(index, b"" if probed.index is None else pack(probed.index))
        side: Json = to_json(probed.facts)
        box: Json = [0, 1000, 10_000, 9_000]
        request: dict[str, Json] = {"a": side, "b": side, "a_box": box, "b_box": box}
        request |= {"mirrored": True, "pace": "1", "probes": [[0, 0]]}
        PROGRAMS["compare"](request, [descriptor, index] * 2, ignore)
    finally:
        os.close(descriptor)
        os.close(index)


def _hand_out(data: bytes) -> None:
    descriptor = os.memfd_create("warm-up", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, data)
        PROGRAMS["samples"]({"facts": to_json(probe(descriptor).facts)}, [descriptor], ignore)
    finally:
        os.close(descriptor)


def _frames(data: bytes, mode: Mode) -> None:
    descriptor, index = (os.memfd_create("warm-up", os.MFD_CLOEXEC) for _ in range(2))
    try:
        os.write(descriptor, data)
        probed = probe(descriptor)
        os.write(index, b"" if probed.index is None else pack(probed.index))
        for whole, thin in ((False, False), (True, False), (False, True)):
            ask = FrameAsk(probed.facts, mode, 0, rank=1, before=1, after=1, whole=whole, thin=thin)
            PROGRAMS["frames"](to_request(ask), [descriptor, index], ignore)
    finally:
        os.close(descriptor)
        os.close(index)


def _redact(data: bytes) -> None:
    descriptor = os.memfd_create("warm-up", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, data)
        mask.warm_up(descriptor, to_json(probe(descriptor).facts))
        mask_check.warm_up(descriptor)
        mask_follow.warm_up(descriptor, to_json(probe(descriptor).facts))
        mask_moments.warm_up(descriptor, to_json(probe(descriptor).facts))
        mask_still.warm_up()
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    serve(PROGRAMS, warm_up)
