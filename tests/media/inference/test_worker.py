"""A worker that dies, hangs or lies costs one request; what was not pinned is never run."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from daylight.domain.digest import digest_of
from daylight.errors import HelpMissing, InferenceFailed, ModelRefused, SandboxMissing
from daylight.media.inference.base import Port, Signature
from daylight.media.inference.client import _ENVIRONMENT, InferenceLimits
from tests.media.inference.graphs import COMMAND, DOUBLING, doubling, worker
from tests.media.test_pool import children_of, gone, until

ONE = np.ones((1, 4), np.float32)


def watcher_of(made) -> int:
    return made._worker._process.pid


@pytest.fixture
def made():
    with worker() as one:
        assert one.run([1], [ONE])[0].sum() == 8
        yield one


def test_one_that_died_between_requests_is_replaced(made):
    victim = watcher_of(made)
    (child,) = children_of(victim)
    os.kill(child, signal.SIGKILL)
    until(lambda: made._worker._process.poll() is not None)
    assert made.run([1], [ONE])[0].sum() == 8
    assert watcher_of(made) != victim


def test_one_that_hangs_costs_one_request():
    with worker(limits=InferenceLimits(wall_seconds=0.5)) as made:
        made.run([1], [ONE])
        (child,) = children_of(watcher_of(made))
        os.kill(child, signal.SIGSTOP)
        with pytest.raises(InferenceFailed, match="longer than 0.5 seconds"):
            made.run([1], [ONE])
        until(lambda: gone(child))
        assert made.run([1], [ONE])[0].sum() == 8


def test_one_that_is_killed_at_work_costs_one_request(made):
    (child,) = children_of(watcher_of(made))
    os.kill(child, signal.SIGSTOP)
    killer = threading.Timer(0.3, os.kill, (child, signal.SIGKILL))
    killer.start()
    with pytest.raises(InferenceFailed, match="died"):
        made.run([1], [ONE])
    killer.join()
    assert made.run([1], [ONE])[0].sum() == 8


LIAR = """
import os, struct, sys
os.write(0, struct.pack("=BQ", 0, 0))
os.read(0, 100)
os.write(0, bytes.fromhex(sys.argv[1]))
while os.read(0, 100):  # the request may come in pieces: stay until nobody is there
    pass
"""


@pytest.mark.parametrize(
    "lie",
    [
        b"\x01" + (1 << 40).to_bytes(8, "little"),
        b"\x01" + (17).to_bytes(8, "little") + bytes(17),
        b"\x09" + (16).to_bytes(8, "little") + bytes(16),
        b"\x02" + (16).to_bytes(8, "little") + bytes(16),
    ],
)
def test_a_lie_is_no_answer(lie):
    with worker(command=[sys.executable, "-c", LIAR, lie.hex()]) as made:
        with pytest.raises(InferenceFailed, match="no sense"):
            made.run([1], [ONE])


def test_half_an_answer_is_none():
    half = b"\x01" + (16).to_bytes(8, "little")[:-1]
    with worker(
        command=[sys.executable, "-c", LIAR, half.hex()], limits=InferenceLimits(wall_seconds=0.5)
    ) as made:
        with pytest.raises(InferenceFailed, match="longer"):
            made.run([1], [ONE])


def test_what_follows_an_answer_is_no_answer_to_the_next():
    more = b"\x01" + (16).to_bytes(8, "little") + bytes(9)
    with worker(command=[sys.executable, "-c", LIAR, more.hex()]) as made:
        assert made.run([1], [ONE])[0].sum() == 0  # nobody wrote there
        with pytest.raises(InferenceFailed, match="no sense"):
            made.run([1], [ONE])


def test_what_is_no_number_is_no_answer(tmp_path: Path):
    script = tmp_path / "wild.py"
    script.write_text(
        "import sys\n"
        "from daylight.media.inference import worker\n"
        "load = lambda model, signature: lambda free, inputs: [inputs[0] / inputs[0]]\n"
        "worker.main(load, sys.argv[1:])\n"
    )
    with worker(command=[sys.executable, str(script)]) as made:
        with pytest.raises(InferenceFailed, match="no number"):
            made.run([1], [ONE * 0])
        assert made.run([1], [ONE])[0].sum() == 4


def test_what_was_answered_is_nobodys_to_change(made):
    """The next request's answer lies where the last one's was."""
    before = made.run([1], [ONE])[0]
    assert made.run([1], [ONE * 2])[0].sum() == 16
    assert before.sum() == 8


def test_what_was_not_pinned_is_not_run():
    with pytest.raises(ModelRefused):
        worker(doubling() + b"\0", digest=digest_of(doubling()))


@pytest.mark.parametrize("model", [b"", b"no graph", doubling()[:-5]])
def test_a_model_that_cannot_be_loaded_is_said(model):
    with worker(model) as made, pytest.raises(HelpMissing, match="did not start"):
        made.run([1], [ONE])


def test_a_model_of_another_shape_than_pinned_does_not_start():
    other = Signature(DOUBLING.inputs, (Port("y", (4,)),), DOUBLING.most)
    with worker(signature=other) as made, pytest.raises(HelpMissing, match="did not start"):
        made.run([1], [ONE])


def test_without_the_library_it_says_so(tmp_path: Path):
    script = tmp_path / "without.py"
    script.write_text(
        "import sys\n"
        "sys.modules['onnxruntime'] = None\n"
        "from daylight.media.inference import worker\n"
        "worker.main(worker.load_onnx, sys.argv[1:])\n"
    )
    with worker(command=[sys.executable, str(script)]) as made:
        with pytest.raises(HelpMissing, match="not installed"):
            made.run([1], [ONE])


def test_without_landlock_it_refuses(tmp_path: Path):
    script = tmp_path / "bare.py"
    script.write_text(
        "import errno, sys\n"
        "from daylight.media.sandbox import libc\n"
        "def no(*a): raise OSError(errno.ENOSYS, 'no')\n"
        "libc.syscall = no\n"
        "from daylight.media.inference import worker\n"
        "worker.main(worker.load_onnx, sys.argv[1:])\n"
    )
    with worker(command=[sys.executable, str(script)]) as made:
        with pytest.raises(SandboxMissing, match="no Landlock"):
            made.run([1], [ONE])


def test_a_library_that_starts_threads_is_not_locked_in(tmp_path: Path):
    script = tmp_path / "threads.py"
    script.write_text(
        "import sys, threading\n"
        "from daylight.media.inference import worker\n"
        "def load(model, signature):\n"
        "    threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "    return lambda free, inputs: inputs\n"
        "worker.main(load, sys.argv[1:])\n"
    )
    with worker(command=[sys.executable, str(script)]) as made:
        with pytest.raises(SandboxMissing, match="2 threads"):
            made.run([1], [ONE])


def test_it_outlives_the_thread_that_started_it():
    with worker() as made:
        starter = threading.Thread(target=made.run, args=([1], [ONE]))
        starter.start()
        starter.join()
        first = watcher_of(made)
        time.sleep(0.05)
        assert made.run([1], [ONE])[0].sum() == 8
        assert watcher_of(made) == first


def test_closing_leaves_nothing_behind(made):
    watcher = watcher_of(made)
    (child,) = children_of(watcher)
    made.close()
    until(lambda: gone(watcher) and gone(child))


def test_when_the_parent_is_killed_nothing_stays():
    script = (
        "import time, numpy as np\n"
        "from tests.media.inference.graphs import worker\n"
        "made = worker()\n"
        "made.run([1], [np.ones((1, 4), np.float32)])\n"
        "print(made._worker._process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        watcher = int(parent.stdout.readline())
        (child,) = children_of(watcher)
        os.kill(child, signal.SIGSTOP)  # at work, and not listening
        parent.kill()
    until(lambda: gone(watcher) and gone(child), seconds=3)


def test_neither_the_command_line_nor_a_zygote_loads_the_library():
    script = (
        "import sys, json, daylight.bootstrap, daylight.detectors.worker\n"
        "import daylight.media.inference.client, daylight.media.inference.worker\n"
        "print(json.dumps('onnxruntime' in sys.modules))\n"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
    assert json.loads(out) is False


def test_the_library_reports_to_nobody(tmp_path: Path):
    """Builds from 1.29 on make a file for what they report; ours must not, even when they may."""
    script = "import os, onnxruntime\nprint(len(os.listdir('/proc/self/task')))\n"
    words = {"HOME": str(tmp_path), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], env=words, capture_output=True, check=True
    )
    assert done.stdout == b"1\n"
    assert list(tmp_path.iterdir()) == []
    assert _ENVIRONMENT["ORT_DISABLE_TELEMETRY"] == "1"


def test_while_it_is_loaded_nothing_can_be_sent_or_written(tmp_path: Path):
    """And once it is, before what it starts as threads is there, nothing can be read either."""
    script = tmp_path / "telling.py"
    script.write_text(
        "import socket, sys\n"
        "import numpy as np\n"
        "from daylight.media.inference import worker\n"
        "def refused(what):\n"
        "    try:\n"
        "        what()\n"
        "    except OSError as error:\n"
        "        return error.errno\n"
        "    return 0\n"
        "def tried():\n"
        f"    return [refused(socket.socket), refused(lambda: open({str(tmp_path / 'x')!r}, 'w')),\n"
        f"            refused(lambda: open(__file__)), refused(socket.socketpair)]\n"
        "told = []\n"
        "def load(model, signature):\n"
        "    told.append(tried())\n"
        "    return lambda free, inputs: [np.resize(np.float32(told), (free[0], 4))]\n"
        "worker.main(load, sys.argv[1:], lambda: told.append(tried()))\n"
    )
    tmp_path.chmod(0o777)
    with worker(command=[sys.executable, str(script)]) as made:
        found = made.run([2], [np.ones((2, 4), np.float32)])[0].tolist()
    assert found == [[13, 13, 0, 13], [13, 13, 13, 13]]
    assert not (tmp_path / "x").exists()


# A model's worker with two threads; "%s" is what is wrong with it, once the trial of the sandbox is over.
TWO = """
import sys, threading
from daylight.media.inference import worker
from daylight.media.sandbox import landlock, libc, lockdown, seccomp
def start(): threading.Thread(target=threading.Event().wait, daemon=True).start()
def library(): pass
def load(model, signature):
    assert signature.threads == 2
    start()
    return lambda free, inputs: [2 * inputs[0]]
def held(): return True
%s
worker.main(load, sys.argv[1:], library)
"""


# The second thread has one that the first has not.
A_FILTER_OF_ITS_OWN = """
lockdown.holds_threads = held
def start():
    done, rules = threading.Event(), seccomp.without_sockets()
    def run(): seccomp.install(rules); done.set(); threading.Event().wait()
    threading.Thread(target=run, daemon=True).start()
    done.wait()
"""


def with_two(tmp_path: Path, wrong: str):
    script = tmp_path / "two.py"
    script.write_text(TWO % wrong)
    made = worker(command=[sys.executable, str(script)])
    made._threads = 2  # on a machine with one core too
    return made


def test_two_threads_are_locked_together(tmp_path: Path):
    with with_two(tmp_path, "") as made:
        assert made.run([1], [ONE])[0].sum() == 8
        (child,) = children_of(watcher_of(made))
        told = [path.read_text() for path in Path(f"/proc/{child}/task").glob("*/status")]
    assert len(told) == 2
    own = Path("/proc/thread-self/status").read_text()
    filters = int(own.partition("Seccomp_filters:")[2].split()[0])
    for one in told:
        said = dict(line.split(":\t") for line in one.splitlines() if ":\t" in line)
        assert (said["NoNewPrivs"], said["Seccomp"]) == ("1", "2")
        assert int(said["Seccomp_filters"]) == filters + 2
        assert {said[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("library = start", "2 threads when"),
        ("old = start\ndef start(): old(); old()", "3 threads after"),
        # Only the thread that asks is put under the filter.
        ("lockdown.holds_threads = held; seccomp.install_everywhere = seccomp.install",
         "Seccomp_filters is"),
        (A_FILTER_OF_ITS_OWN, "stays outside"),
        # A right that was not given up.
        ("lockdown.holds_threads = held; lockdown._drop_privileges = lambda: None", "Cap"),
    ],
)  # fmt: skip
def test_a_thread_that_is_not_held_is_found(tmp_path: Path, wrong, sentence):
    if sentence == "Cap" and os.geteuid():
        pytest.skip("who is not root has nothing to give up")
    with with_two(tmp_path, wrong) as made, pytest.raises(SandboxMissing, match=sentence):
        made.run([1], [ONE])


def test_where_threads_cannot_be_looked_at_there_is_one(tmp_path: Path):
    """As where ``/proc`` is mounted with ``hidepid``."""
    hidden = (
        "def unheld(pid, filters): raise FileNotFoundError(2, 'no')\n"
        "lockdown.unheld = unheld\n"
        "def load(model, signature):\n"
        "    assert signature.threads == 1\n"
        "    return lambda free, inputs: [3 * inputs[0]]\n"
    )
    with with_two(tmp_path, hidden) as made:
        assert made.run([1], [ONE])[0].sum() == 12
    unseen = hidden.replace("== 1", "== 2; start()") + "lockdown.holds_threads = held\n"
    with with_two(tmp_path, unseen) as made, pytest.raises(SandboxMissing, match="looked at"):
        made.run([1], [ONE])


def test_the_command_is_the_one_that_is_started():
    from daylight import bootstrap

    assert list(bootstrap.MODEL_WORKER) == COMMAND
