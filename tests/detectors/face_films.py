"""Films of bright discs, and a detector that finds them: what is red in one says how sure it is."""

from itertools import pairwise

import numpy as np

from daylight.detectors.faces import Faces
from daylight.detectors.looking import Looker
from daylight.detectors.pictures import Frame
from daylight.domain.marks import WHOLE

WIDTH, HEIGHT = 320, 192
STEP = 40_000  # microseconds a picture
RADIUS = 12


def background(seed=3):
    """Grey, with a coarse pattern; its red is 0."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 110, (HEIGHT // 8, WIDTH // 8))
    grey = np.kron(coarse, np.ones((8, 8))).astype(np.uint8)
    return np.stack([np.zeros_like(grey), grey, grey], axis=2)


def picture(place=None, score=0.9, ground=None):
    """``place``: (across, down) of the disc's middle, or None where there is none."""
    pixels = (background() if ground is None else ground).copy()
    if place is not None:
        rows, columns = np.mgrid[:HEIGHT, :WIDTH]
        away = np.hypot(columns - place[0], rows - place[1])
        pixels[away <= RADIUS] = (round(score * 255), 230, 230)
        pixels[away <= RADIUS / 2, 1] = 160
    return pixels


def look(pixels, least):
    """The box about all that is red, in place of the model."""
    red = pixels[:, :, 0]
    if red.max(initial=0) / 255 <= least:
        return np.zeros((0, 5), np.float32)
    rows, columns = np.nonzero(red)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, red.max() / 255)
    return np.array([box], np.float32)


def found(pictures):
    """Tracks, and the session, of pictures that come evenly."""
    faces = Faces(Looker(look), WIDTH, HEIGHT)
    for number, pixels in enumerate(pictures):
        faces.push(Frame(number * STEP, pixels))
    return faces.finish(), faces


def box_at(track, at):
    """Left, top, right, bottom in pixels, or None where the track is not."""
    if not track.keys[0].at_us <= at <= track.keys[-1].at_us:
        return None
    for one, other in pairwise(track.keys):
        if one.at_us <= at <= other.at_us:
            part = (at - one.at_us) / (other.at_us - one.at_us)
            left, top, width, height = (
                getattr(one, n) + part * (getattr(other, n) - getattr(one, n))
                for n in ("left", "top", "width", "height")
            )
            box = np.array([left, top, left + width, top + height])
            return box * np.array([WIDTH, HEIGHT] * 2) / WHOLE
    return None


def covers(tracks, at, place, slack=4):
    """Whether one of the tracks holds the disc, but for ``slack`` pixels."""
    middle = np.array([*place, *place])
    disc = middle + np.array([-1, -1, 1, 1]) * (RADIUS - slack)
    boxes = [box for track in tracks if (box := box_at(track, at)) is not None]
    return any((box[:2] <= disc[:2]).all() and (box[2:] >= disc[2:]).all() for box in boxes)
