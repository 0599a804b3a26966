"""Heads in a few frames, drawn by eye with their hair, whichever way they look: what a reference of faces lacks.

Left, top, right, bottom in pixels. Who is hidden whole is not drawn, nor the one who walks far behind in ``vtest``.
"""

import numpy as np

from daylight.detectors.centerface import overlaps

SAME = 0.5
HEADS = {
    "vtest": {
        0: ((262, 220, 273, 233), (508, 157, 517, 170), (650, 241, 662, 254)),
        25: (
            (384, 189, 394, 199),
            (391, 175, 400, 187),
            (675, 260, 687, 275),
            (700, 258, 715, 274),
        ),
        50: (
            (379, 180, 390, 193),
            (413, 182, 424, 193),
            (435, 177, 445, 187),
            (520, 217, 532, 230),
            (560, 214, 573, 229),
            (683, 257, 696, 271),
        ),
        75: (
            (271, 170, 280, 181),
            (386, 181, 396, 191),
            (418, 182, 426, 192),
            (445, 182, 455, 193),
            (485, 180, 498, 193),
            (587, 198, 597, 209),
        ),
        99: (
            (352, 198, 363, 209),
            (388, 178, 399, 190),
            (429, 180, 437, 190),
            (500, 148, 510, 160),
            (521, 152, 533, 163),
            (601, 156, 610, 167),
        ),
    },
    "one-by-one-person-detection": {
        70: ((395, 90, 462, 166),),
        100: ((419, 16, 490, 82),),
        150: ((427, 16, 497, 82),),
        190: ((664, 38, 727, 114),),
        228: ((196, 338, 297, 430),),
        230: ((240, 218, 324, 315),),
        234: ((348, 120, 416, 204),),
    },
    "bedroom": {
        0: ((358, 22, 440, 125), (233, 137, 290, 210)),
        20: ((280, 108, 358, 190), (245, 121, 285, 182)),
        40: ((320, 50, 381, 140), (273, 125, 300, 165)),
        60: ((310, 28, 383, 118),),
        80: ((225, 35, 307, 140),),
        110: ((180, 0, 267, 90), (99, 275, 165, 350)),
    },
}
# What the reference takes for a face, and is none by eye: somebody's knee before a cushion.
NO_FACES = {"bedroom": {79: ((255, 309, 372, 393),)}}
MET = 0.3  # of a head: a mask that holds as much of it is meant for it; a face is no more


def without_no_faces(true, stem):
    """The reference without what was seen by eye to be no face."""
    told = NO_FACES.get(stem, {})
    return [
        boxes[[_is_face(box, told.get(number, ())) for box in boxes]] if len(boxes) else boxes
        for number, boxes in enumerate(true)
    ]


def _is_face(box, none) -> bool:
    return not none or bool(overlaps(box, np.array(none, np.float32)).max() < SAME)


def by_eye(heads, mask_of) -> dict[str, float]:
    """``heads``: of each frame; ``mask_of``: the mask of a frame by number.

    ``heads_met``: how many of them have a mask. ``cover_by_heads``: all that is covered in these frames by the area of the
    heads; ``beside_heads``: what of it lies on none.
    """
    if not heads:
        return {}
    met, cover, beside, area = [], 0, 0, 0
    for number, boxes in heads.items():
        mask = mask_of(number)
        head = np.zeros_like(mask)
        for left, top, right, bottom in boxes:
            met.append(mask[top:bottom, left:right].mean() >= MET)
            head[top:bottom, left:right] = True
        cover, area = cover + int(mask.sum()), area + int(head.sum())
        beside += int((mask & ~head).sum())
    return {
        "heads": len(met),
        "heads_met": float(np.mean(met)),
        "cover_by_heads": cover / area,
        "beside_heads": beside / area,
    }
