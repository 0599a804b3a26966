"""Masks of tracks at a moment, and the careful reference that they are held against."""

from bisect import bisect_right

import numpy as np

from daylight.detectors.centerface import overlaps
from daylight.domain.marks import WHOLE
from daylight.domain.tracks import Basis

DILATED = 1.3
LEAST = 4  # pixels on every side
SURE, NEAR, SAME = 0.4, 0.15, 0.4
BESIDE = 1.2


def box_at(track, at):
    """Left, top, width, height in ten-thousandths, or None where the track is not."""
    keys = track.keys
    if not keys[0].at_us <= at <= keys[-1].at_us:
        return None
    after = bisect_right([key.at_us for key in keys], at)
    one, other = keys[after - 1], keys[min(after, len(keys) - 1)]
    part = 0 if one is other else (at - one.at_us) / (other.at_us - one.at_us)
    first, last = (np.array([k.left, k.top, k.width, k.height], float) for k in (one, other))
    return first + (last - first) * part


def apart(tracks, at):
    """Tracks by why they cover now: who was surely a face, who was a weak one at best, and who is lost and stays covered."""
    found = {"sure": [], "weak": [], "kept": []}
    for track in tracks:
        after = bisect_right([key.at_us for key in track.keys], at)
        bases = {track.bases[max(0, after - 1)], track.bases[min(after, len(track.bases) - 1)]}
        weak = "weak" if track.score < SURE else "sure"
        found["kept" if bases == {Basis.KEPT} else weak].append(track)
    return found


def masks(tracks, at, width, height):
    mask = np.zeros((height, width), bool)
    for track in tracks:
        box = box_at(track, at)
        if box is None:
            continue
        left, top, wide, tall = box * np.array([width, height] * 2) / WHOLE
        across, down = (max(LEAST, side * (DILATED - 1) / 2) for side in (wide, tall))
        rows = slice(max(0, int(top - down)), max(0, int(np.ceil(top + tall + down))))
        columns = slice(max(0, int(left - across)), max(0, int(np.ceil(left + wide + across))))
        mask[rows, columns] = True
    return mask


def reference(looks):
    """``looks``: of each frame the boxes at two scales. Boxes of each frame, weak ones where linked.

    Weak ones right beside a likelier one are its shadows, and not faces: so it was seen by eye, of heads ten pixels wide.
    """
    frames = [_alone(_once(np.vstack(pair))) for pair in looks]
    good = [boxes[:, 4] >= SURE for boxes in frames]
    for order in (range(1, len(frames)), range(len(frames) - 2, -1, -1)):
        back = -1 if order.step > 0 else 1
        for number in order:
            known = frames[number + back][good[number + back]]
            for which, box in enumerate(frames[number]):
                near = len(known) and overlaps(box, known).max() > SAME
                good[number][which] |= bool(box[4] >= NEAR and near)
    return [boxes[kept] for boxes, kept in zip(frames, good, strict=True)]


def _alone(boxes):
    """Without weak boxes whose middle is nearer than ``BESIDE`` sides to that of a likelier one."""
    middles, sides = (boxes[:, :2] + boxes[:, 2:4]) / 2, (boxes[:, 2:4] - boxes[:, :2]).max(axis=1)
    kept = []
    for which, box in enumerate(boxes):  # the likeliest first
        away = np.abs(middles[kept] - middles[which]).max(axis=1, initial=0)
        beside = (away < BESIDE * np.maximum(sides[kept], sides[which])).any()
        if box[4] >= SURE or not beside:
            kept.append(which)
    return boxes[kept]


def _once(boxes):
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    kept = []
    for box in boxes:
        if not kept or overlaps(box, np.array(kept)).max() < 0.3:
            kept.append(box)
    return np.array(kept, np.float32).reshape(-1, 5)
