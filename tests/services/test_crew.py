"""The import's children: what they send comes back, and one that dies is missed."""

import os
import signal
from functools import partial

import pytest

from daylight.errors import StoreCorrupt, VaultFull, WorkerKilled
from daylight.services.crew import Crew


def raising(error):
    raise error


class Dying:
    """Kills whoever pickles it."""

    def __reduce__(self):
        os.kill(os.getpid(), signal.SIGKILL)
        return (Dying, ())


JOBS = {
    "before it has sent anything": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "in the middle of sending": lambda: [bytes(300_000), Dying()],
    "by an error of ours": partial(raising, ZeroDivisionError()),
}


@pytest.mark.parametrize("when", JOBS)
def test_a_child_that_dies_is_a_named_error(when, capfd):
    with Crew(2) as crew:
        crew.submit("lot", JOBS[when])
        with pytest.raises(WorkerKilled, match="wait status"):
            list(crew.finished(leave=0))


def test_what_children_return_and_raise_comes_back():
    with Crew(3) as crew:
        crew.submit("large", lambda: bytes(3 << 20))
        crew.submit("small", lambda: 7)
        assert dict(crew.finished(leave=0)) == {"large": bytes(3 << 20), "small": 7}
        for error in (VaultFull("full"), StoreCorrupt("other bytes"), OSError(5, "failed")):
            crew.submit("bad", partial(raising, error))
            with pytest.raises(type(error), match=str(error.args[-1])):
                list(crew.finished(leave=0))
