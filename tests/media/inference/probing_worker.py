"""The real worker around no model at all: what is asked for is which way out to try.

Given "unlocked" as its last word it is the control: the same without the lock-down.
"""

import errno
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from probe_programs import ESCAPES

from daylight.media.inference import worker
from daylight.media.sandbox import lockdown

NAMES = sorted(one.__name__ for one in ESCAPES)
ESCAPED = -1.0


def load(model, signature):
    request = json.loads(model)
    ways = {one.__name__: one for one in ESCAPES}

    def run(free, inputs):
        number = int(inputs[0][0])
        if number == 0:  # the warm-up
            return [np.zeros(1, np.float32)]
        try:
            ways[NAMES[number - 1]](request, [])
        except OSError as error:
            return [np.array([error.errno or errno.EIO], np.float32)]
        return [np.array([ESCAPED], np.float32)]

    return run


if __name__ == "__main__":
    words = sys.argv[1:]
    if "unlocked" in words:
        words.remove("unlocked")
        lockdown.check = lockdown.renounce = lambda: None
        lockdown.lock_down = lambda cage: lockdown._die_with(cage.parent)
    worker.main(load, words)
