"""Playing against sandboxes that hang, crash or are missing, and people who may not watch."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from daylight.catalogue.queries.items import Filter, items
from daylight.catalogue.queries.vault import custodian_here
from daylight.detectors.programs import PROGRAMS
from daylight.domain.access import MarkRule, Policy
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, HelpMissing, MediaRefused, UsageError
from daylight.media.cut import look_of
from daylight.media.executor import End, Outcome
from daylight.media.inline import InlineExecutor
from daylight.media.mpegts import PACKET
from daylight.services.examine import examine
from daylight.services.intake import ImportRequest, import_material
from daylight.services.policy import set_policy
from daylight.services.watch import SLOTS, Player, playlist, segment
from tests.test_sample import ROOT

CLIP = ROOT / "samples" / "nasa_13013.mp4"
SOUND = ROOT / "samples" / "jfk.wav"


class Slots:
    """The programs in this process, or what ``instead`` makes of a task."""

    slots = 2

    def __init__(self, instead=None):
        self._inline = InlineExecutor(PROGRAMS, i_am_a_test=True)
        self._instead = instead
        self.asked = 0
        self.closed = threading.Event()
        self.hanging = threading.Semaphore(0)

    def run(self, task):
        self.asked += 1
        return self._instead(self) if self._instead else self._inline.run(task)

    def close(self):
        self.closed.set()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


@pytest.fixture
def taken(ws):
    """The public id of a recording that came in and was examined."""

    def take(path):
        examiner = replace(ws, start_executor=lambda slots: Slots())
        import_material(ws, custodian_here(), ImportRequest(roots=(path,)), Silent())
        examine(examiner, custodian_here(), "", Silent())
        return items(custodian_here(), Filter())[-1].public_id

    return take


def player(ws, slots):
    return Player(replace(ws, start_executor=lambda number: slots))


def test_a_recording_is_played_shielded_and_clear(ws, taken):
    item, playing = taken(CLIP), player(ws, Slots())
    for mode in ("shielded", "clear"):
        text = playlist(playing, custodian_here(), item, mode)
        assert text.startswith("#EXTM3U")
        made = segment(playing, custodian_here(), item, 0, mode)
        assert 0 == made.start_us < made.end_us
        data = made.data
        assert data[::PACKET].count(0x47) == len(data) / PACKET
        with pytest.raises(IndexError):
            segment(playing, custodian_here(), item, text.count(".ts"), mode)
    with pytest.raises(ValueError):
        playlist(playing, custodian_here(), item, "blurred")
    playing.close()


def test_a_segment_is_made_once(ws, taken, monkeypatch):
    item, slots = taken(CLIP), Slots()
    playing = player(ws, slots)
    monkeypatch.setattr(playing._ahead, "submit", lambda *work: None)  # nothing in advance here
    first = segment(playing, custodian_here(), item, 0, "shielded")
    assert segment(playing, custodian_here(), item, 0, "shielded") == first
    assert slots.asked == 1


def test_sound_alone_is_not_played_unasked(ws, taken):
    item, playing = taken(SOUND), player(ws, Slots())
    with pytest.raises(MediaRefused):
        playlist(playing, custodian_here(), item, "shielded")
    assert segment(playing, custodian_here(), item, 0, "clear-sound").data
    playing.close()


def test_who_may_not_watch_does_not(ws, taken):
    item, playing = taken(CLIP), player(ws, Slots())
    rights = custodian_here().rights - {Right.WATCH}
    with pytest.raises(Forbidden):
        segment(playing, Principal("a" * 32, rights, None), item, 0, "shielded")
    stranger = Principal("a" * 32, custodian_here().rights, frozenset())
    with pytest.raises(KeyError):
        segment(playing, stranger, item, 0, "shielded")


def _crashed(slots):
    return Outcome(End.CRASHED, "", ())


def _missing(slots):
    raise HelpMissing("no sandbox can be started here")


def _broken(slots):
    raise RuntimeError("nobody foresaw this")


@pytest.mark.parametrize(
    ("instead", "error"),
    [(_crashed, MediaRefused), (_missing, HelpMissing), (_broken, RuntimeError)],
)
@pytest.mark.timeout(30)
def test_whoever_asks_again_after_a_failure_is_answered(ws, taken, instead, error):
    item, slots = taken(CLIP), Slots(instead)
    playing = player(ws, slots)
    for _ in range(3):
        with pytest.raises(error):
            segment(playing, custodian_here(), item, 0, "shielded")
    assert slots.asked == 3
    playing.close()


@pytest.mark.timeout(30)
def test_what_hangs_with_several_threads_is_made_by_one(ws, taken, monkeypatch):
    """As the frame threads of FFmpeg do in broken H.264 that looked sound; and only once an item."""
    tasks, inline = [], InlineExecutor(PROGRAMS, i_am_a_test=True)

    class Hanging(Slots):
        def run(self, task):
            tasks.append(task)
            one = task.request["one_thread"]
            return inline.run(task) if one else Outcome(End.TIMED_OUT, "", ())

    item, playing = taken(CLIP), player(ws, Hanging())
    monkeypatch.setattr(playing._ahead, "submit", lambda *work: None)
    for number in range(2):
        assert segment(playing, custodian_here(), item, number, "shielded").data
    assert [task.request["one_thread"] for task in tasks] == [False, True, True]
    assert tasks[0].limits.wall_seconds + tasks[1].limits.wall_seconds < 60  # a player's patience
    playing.close()


def _hung(slots):
    slots.hanging.release()
    slots.closed.wait()
    raise UsageError("the sandbox was closed")


@pytest.mark.timeout(30)
def test_closing_ends_what_is_being_cut_and_what_waits_for_it(ws, taken):
    item, slots = taken(CLIP), Slots(_hung)
    playing = player(ws, slots)
    playing.prepare()
    plan = playing.plan(custodian_here(), item, "shielded")
    count = len(plan.cuts.spans)
    assert count >= SLOTS
    with ThreadPoolExecutor(SLOTS + 1) as viewers:
        cut = [viewers.submit(playing.segment, plan, look_of("shielded"), n) for n in range(SLOTS)]
        for _ in cut:
            assert slots.hanging.acquire(timeout=10)
        waits = viewers.submit(playing.segment, plan, look_of("clear"), 0)
        while playing._asked._work_queue.empty():
            time.sleep(0.01)
        playing.close()
        for one in cut:
            with pytest.raises(UsageError):
                one.result(timeout=10)
        with pytest.raises(MediaRefused):
            waits.result(timeout=10)


def test_clear_pictures_bear_their_viewer_and_shielded_ones_are_shared(ws, taken, monkeypatch):
    """With the policy that copies nothing; the sample is H.264, which is passed on otherwise."""
    item, slots = taken(CLIP), Slots()
    hour = [datetime(2026, 11, 26, 12, 59, tzinfo=UTC)]
    playing = player(replace(ws, clock=lambda: hour[0]), slots)
    ann, bob = (replace(custodian_here(), agent=sign * 32) for sign in "ab")

    def all_of(mode):
        return [segment(playing, who, item, 0, mode) for who in (ann, bob, ann)]

    assert len(set(all_of("clear"))) == 1
    set_policy(ws, custodian_here(), Policy(mark=MarkRule.ALWAYS))
    first, second, again = all_of("clear")
    assert first == again
    assert first != second
    hour[0] += timedelta(minutes=1)
    assert segment(playing, ann, item, 0, "clear") != first
    assert len(set(all_of("shielded"))) == 1
