"""Every way in (by time, by byte, by window) and every way out (copied, encoded, shielded)."""

import io
import itertools
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import av.logging
import numpy as np
import pytest

from daylight.domain.media import State
from daylight.errors import MediaRefused
from daylight.media import segment_video, segments
from daylight.media.cut import PROGRAM, Mode, from_request, to_request
from daylight.media.cut_plan import KeyFrame, plan_cuts
from daylight.media.executor import End, Task, TaskLimits
from daylight.media.failures import EXPECTED
from daylight.media.mpegts import OFFSET, PACKET, check_segment
from daylight.media.playlist import TICKS
from daylight.media.pool import ZygotePool
from tests.media.reels import look, make, plan_of, play

QUIET = {"x265-params": "log-level=none"}
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}

# name: container, demuxer, codec, other arguments
REELS = {
    "h264.mp4": ("mp4", "mp4", "libx264", {"sound": "aac"}),
    "h264-b.mp4": ("mp4", "mp4", "libx264", {"options": {"bf": "2"}}),
    "h264-fragmented.mp4": ("mp4", "mp4", "libx264", {"muxer": FRAGMENTED, "sound": "aac"}),
    "h264-one-key.mkv": ("matroska", "matroska", "libx264", {"gop": 1000}),
    "h264-10bit.mkv": ("matroska", "matroska", "libx264", {"pixels": "yuv420p10le"}),
    "h264.ts": ("mpegts", "mpegts", "libx264", {"sound": "mp2"}),
    "h264-late.ts": ("mpegts", "mpegts", "libx264", {"start": 25 * 1000}),
    "h264-wrap.ts": ("mpegts", "mpegts", "libx264", {"start": 25 * 95_441}),
    "h264.avi": ("avi", "avi", "libx264", {"options": {"bf": "0"}}),
    "h264.flv": ("flv", "flv", "libx264", {}),
    "raw.h264": ("h264", "h264", "libx264", {"options": {"bf": "2"}}),
    "raw.hevc": ("hevc", "hevc", "libx265", {"options": QUIET}),
    "hevc.mp4": ("mp4", "mp4", "libx265", {"options": QUIET, "sound": "aac"}),
    "hevc.ts": ("mpegts", "mpegts", "libx265", {"options": QUIET}),
    "mpeg2.mpg": ("vob", "mpeg", "mpeg2video", {"sound": "mp2", "gop": 12}),
    "mpeg1.mpg": ("mpeg", "mpeg", "mpeg1video", {"gop": 15}),
    "mpeg2.ts": ("mpegts", "mpegts", "mpeg2video", {"options": {"bf": "2"}, "gop": 12}),
    "mjpeg.avi": ("avi", "avi", "mjpeg", {"pixels": "yuvj420p", "sound": "pcm_s16le"}),
    "msmpeg4.avi": ("avi", "avi", "msmpeg4", {}),
    "asp.avi": ("avi", "avi", "mpeg4", {"options": {"bf": "2"}}),
    "vp8.webm": ("webm", "matroska", "libvpx", {"options": {"deadline": "realtime"}}),
    "vp9.webm": ("webm", "matroska", "libvpx-vp9", {"options": {"deadline": "realtime"}}),
    "av1.mkv": ("matroska", "matroska", "libsvtav1", {"options": {"preset": "12"}, "count": 100}),
    "moving.gif": ("gif", "gif", "gif", {"pixels": "rgb8", "count": 100}),
}
COPIED = {
    "h264.mp4", "h264-b.mp4", "h264-fragmented.mp4", "h264.ts", "h264-late.ts", "h264-wrap.ts",
    "h264.avi", "h264.flv", "h264-one-key.mkv",
}  # fmt: skip
NAMES = (b"x264", b"Lavc", b"Lavf", b"libav", b"FFmpeg")


@pytest.fixture(scope="session")
def reel(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("reels"), {}

    def one(name: str) -> tuple[Path, str]:
        container, demuxer, codec, more = REELS[name]
        if name not in made:
            made[name] = make(folder / name, container, codec, **more)
        return made[name], demuxer

    return one


def decoded(data: bytes) -> tuple[list, list]:
    """The pictures' frames and the sound's (pts, samples), the offset taken off the times."""
    pictures, sounds = [], []
    with av.open(io.BytesIO(check_segment(data)), format="mpegts") as container:
        for packet in container.demux():
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    pictures.append((frame.pts - OFFSET, frame))
                else:
                    sounds.append((frame.pts - OFFSET, frame.samples * TICKS // frame.sample_rate))
    return pictures, sounds


def original_times(path: Path, demuxer: str, plan) -> list[int]:
    """When the original's pictures are shown, in ticks from media zero."""
    with av.open(str(path), format=demuxer) as container:
        stream = container.streams.video[0]
        frames = [frame.pts for frame in container.decode(stream)]
        if None in frames:
            return [round(n * plan.base.step * TICKS) for n in range(len(frames))]
        return [round((pts * stream.time_base - plan.base.zero) * TICKS) for pts in frames]


@pytest.mark.parametrize("mode", [Mode.SHIELDED, Mode.SOFT, Mode.CLEAR])
@pytest.mark.parametrize("name", REELS)
def test_every_picture_comes_once_and_at_its_own_time(reel, name, mode):
    path, demuxer = reel(name)
    plan = plan_of(path, demuxer, mode)
    shown = []
    for number in range(len(plan.spans)):
        data, facts = play(path, plan, number)
        assert facts["copied"] == (mode is Mode.CLEAR and name in COPIED)
        assert facts["errors"] == 0
        shown += [time for time, _ in decoded(data)[0]]
    wanted = original_times(path, demuxer, plan)
    step = round(plan.base.step * TICKS)
    assert all(a < b for a, b in itertools.pairwise(shown))
    assert len(shown) - len(wanted) in {0, 1}  # a last one may be held to the end
    assert all(abs(a - b) <= 1 for a, b in zip(shown, wanted, strict=False))
    assert max(b - a for a, b in itertools.pairwise(shown[:-1])) <= step + 1 or "gif" in name
    assert plan.spans[-1].end - shown[-1] <= 4 * step


@pytest.mark.parametrize("name", REELS)
def test_what_is_shielded_has_no_sound_no_colour_no_detail_no_names(reel, name):
    path, demuxer = reel(name)
    plan = plan_of(path, demuxer, Mode.SHIELDED)
    data, _ = play(path, plan, 0)
    assert not any(word in data for word in NAMES)
    with av.open(io.BytesIO(data), format="mpegts") as container:
        assert [stream.type for stream in container.streams] == ["video"]
    pictures, sounds = decoded(data)
    assert sounds == []
    for _, frame in pictures[:: max(1, len(pictures) // 5)]:
        assert max(frame.width, frame.height) <= 320
        yuv = frame.to_ndarray().astype(float)
        luma, colour = yuv[: frame.height], yuv[frame.height :]
        assert np.abs(colour - 128).max() <= 2
        assert detail(luma) < 8


def detail(luma: np.ndarray) -> float:
    """Root mean square of the second differences: what is flat or a slope has none."""
    return float(np.hypot(np.diff(luma, 2, axis=0).std(), np.diff(luma, 2, axis=1).std()))


def test_the_measure_of_detail_sees_the_detail_of_the_original(reel):
    path, _ = reel("h264.mp4")
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    assert detail(frame.to_ndarray()[: frame.height].astype(float)) > 35


@pytest.mark.parametrize("name", REELS)
def test_what_is_clear_names_no_encoder(reel, name):
    path, demuxer = reel(name)
    plan = plan_of(path, demuxer, Mode.CLEAR)
    for number in range(len(plan.spans)):
        data, _ = play(path, plan, number)
        assert not any(word in data for word in NAMES)


def test_copied_pictures_are_the_original_bit_for_bit(reel):
    path, demuxer = reel("h264-b.mp4")
    plan = plan_of(path, demuxer, Mode.CLEAR)
    with av.open(str(path)) as container:
        wanted = [frame.to_ndarray() for frame in container.decode(video=0)]
    got = [
        frame.to_ndarray()
        for number in range(len(plan.spans))
        for _, frame in decoded(play(path, plan, number)[0])[0]
    ]
    assert len(got) == len(wanted)
    assert all(np.array_equal(a, b) for a, b in zip(got, wanted, strict=True))


@pytest.mark.parametrize("name", ["h264.mp4", "h264.ts", "mpeg2.mpg", "mjpeg.avi", "hevc.mp4"])
def test_sound_joins_without_gap_or_overlap(reel, name):
    path, demuxer = reel(name)
    plan = plan_of(path, demuxer, Mode.CLEAR)
    heard = []
    for number in range(len(plan.spans)):
        heard += decoded(play(path, plan, number)[0])[1]
    for (a, length), (b, _) in itertools.pairwise(heard):
        assert abs(a + length - b) <= 2
    assert heard[0][0] < TICKS // 10
    assert sum(length for _, length in heard) >= plan.spans[-1].end - TICKS // 5


def test_sound_is_where_it_was(tmp_path):
    """A tone that begins at 3 s, in another codec, is heard from 3 s on."""
    path = tmp_path / "tone.avi"
    with av.open(str(path), "w", format="avi") as output:
        video = output.add_stream("mjpeg", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuvj420p"
        sound = output.add_stream("pcm_s16le", rate=48_000, layout="mono")
        for number in range(150):
            picture = av.VideoFrame(64, 48, "yuvj420p")
            picture.pts = number
            output.mux(video.encode(picture))
            loud = 8000 if number >= 75 else 0
            wave = (np.sin(np.arange(1920) * 0.1) * loud).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(wave, "s16", "mono")
            frame.sample_rate, frame.pts = 48_000, number * 1920
            output.mux(sound.encode(frame))
        output.mux([*video.encode(None), *sound.encode(None)])
    plan = plan_of(path, "avi", Mode.CLEAR)
    heard: list[tuple[int, np.ndarray]] = []
    for number in range(len(plan.spans)):
        data, _ = play(path, plan, number)
        with av.open(io.BytesIO(data), format="mpegts") as container:
            frames = list(container.decode(audio=0))
        heard += [(frame.pts - OFFSET, frame.to_ndarray()) for frame in frames]
    loud = [time for time, wave in heard if np.abs(wave).max() > 0.1]
    assert abs(min(loud) - 3 * TICKS) < TICKS // 20


def test_pictures_at_uneven_times_keep_them(tmp_path):
    times = sorted(random.Random(3).sample(range(700), 120))
    times[0] = 0
    path = make(tmp_path / "vfr.mkv", "matroska", "libx265", count=120, times=times, options=QUIET)
    plan = plan_of(path, "matroska", Mode.CLEAR)
    wanted = original_times(path, "matroska", plan)
    shown: list[int] = []
    for number in range(len(plan.spans)):
        pictures = [time for time, _ in decoded(play(path, plan, number)[0])[0]]
        assert pictures  # also where nothing moved for seconds: the standing picture
        shown += pictures
    assert set(wanted) <= {time + slack for time in shown for slack in (-1, 0, 1)}
    assert all(a < b for a, b in itertools.pairwise(shown))


def test_a_long_standstill_has_a_picture_in_each_segment(tmp_path):
    times = [0, 1, 2, 500, 501, 502]
    path = make(tmp_path / "still.mkv", "matroska", "mpeg4", count=6, times=times)
    plan = plan_of(path, "matroska", Mode.SHIELDED)
    assert len(plan.spans) >= 4
    for number, span in enumerate(plan.spans):
        pictures, _ = decoded(play(path, plan, number)[0])
        assert pictures[0][0] - span.start <= TICKS // 25
        assert pictures[-1][0] > span.end - TICKS // 10


@pytest.mark.parametrize("mode", [Mode.SHIELDED, Mode.SOFT, Mode.CLEAR])
def test_a_turned_picture_is_set_upright(reel, mode):
    path, demuxer = reel("hevc.mp4")
    plan = plan_of(path, demuxer, mode)
    cut = replace(plan.cut(0), rotation=90)
    _, level = decoded(make_segment(path, plan.cut(0)))[0][0]
    _, upright = decoded(make_segment(path, cut))[0][0]
    assert (upright.width, upright.height) == (level.height, level.width)
    was, now = (frame.to_ndarray(format="gray").astype(float) for frame in (level, upright))
    assert np.abs(np.rot90(was, -1) - now).mean() < 12


def make_segment(path: Path, cut) -> bytes:
    class One:
        def cut(self, number):
            return cut

    return play(path, One(), 0)[0]


def test_interlaced_pictures_are_woven_before_they_are_scaled(tmp_path):
    options = {"flags": "+ilme+ildct", "top": "1", "b": "2M"}
    path = make(tmp_path / "i.mpg", "vob", "mpeg2video", gop=12, count=50, options=options)
    plan = plan_of(path, "mpeg", Mode.CLEAR)
    assert len(decoded(play(path, plan, 0)[0])[0]) == 50


def test_sound_alone_plays_when_asked_for_and_never_unasked(tmp_path):
    path = tmp_path / "voice.wav"
    with av.open(str(path), "w", format="wav") as output:
        stream = output.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for number in range(100):
            wave = (np.sin(np.arange(1600) * 0.1) * 9000).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(wave, "s16", "mono")
            frame.sample_rate, frame.pts = 16_000, number * 1600
            output.mux(stream.encode(frame))
    plan = plan_of(path, "wav", Mode.CLEAR)
    heard = []
    for number in range(len(plan.spans)):
        pictures, sounds = decoded(play(path, plan, number)[0])
        assert pictures == []
        heard += sounds
    assert sum(length for _, length in heard) >= 9.9 * TICKS
    assert all(abs(a + n - b) <= 2 for (a, n), (b, _) in itertools.pairwise(heard))
    with pytest.raises(MediaRefused, match="sound alone"):
        plan_of(path, "wav", Mode.SHIELDED)
    with pytest.raises(MediaRefused, match="sound alone"):
        make_segment(path, replace(plan.cut(0), audio=None))


def test_recordings_joined_end_to_end_play_on_where_the_clock_falls_back(reel, tmp_path):
    path, demuxer = reel("h264.ts")
    joined = tmp_path / "joined.ts"
    joined.write_bytes(path.read_bytes() * 2)
    plan = plan_of(joined, demuxer, Mode.CLEAR)
    pictures = 0
    for number in range(len(plan.spans)):
        pictures += len(decoded(play(joined, plan, number)[0])[0])
    assert pictures >= 380  # of 400: some at the seam may be lost


def test_a_blank_segment_is_black_and_whole(reel):
    path, demuxer = reel("h264.mp4")
    plan = plan_of(path, demuxer, Mode.CLEAR)
    pictures, sounds = decoded(make_segment(path, replace(plan.cut(1), blank=True)))
    assert pictures[0][0] == plan.spans[1].start
    assert all(frame.to_ndarray()[: frame.height].max() <= 17 for _, frame in pictures)
    assert sounds


def test_a_span_that_holds_nothing_to_copy_is_black_and_plays_on(reel):
    path, demuxer = reel("h264.mp4")
    cut = replace(plan_of(path, demuxer, Mode.CLEAR).cut(0), audio=None)
    gone = replace(cut, start=cut.start + 900 * TICKS, end=cut.end + 900 * TICKS)
    pictures, _ = decoded(make_segment(path, gone))
    assert pictures
    assert all(frame.to_ndarray()[: frame.height].max() <= 17 for _, frame in pictures)


@pytest.mark.parametrize("name", ["h264.mp4", "raw.hevc", "mpeg2.mpg", "mjpeg.avi", "h264.ts"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "zeroed", "shuffled"])
def test_a_damaged_recording_plays_as_far_as_it_goes(reel, tmp_path, name, damage):
    path, demuxer = reel(name)
    plan = plan_of(path, demuxer, Mode.CLEAR)
    shielded = plan_of(path, demuxer, Mode.SHIELDED)
    broken = tmp_path / "broken"
    broken.write_bytes(harmed(path.read_bytes(), damage))
    played = 0
    for one in (plan, shielded):
        for number in range(len(one.spans)):
            try:
                data, _ = play(broken, one, number)
            except EXPECTED:  # what the child reports as failed
                continue
            check_segment(data)
            played += 1
    assert played or name == "h264.mp4"  # an MP4 without its index cannot be opened


def harmed(data: bytes, damage: str) -> bytes:
    generator = random.Random(5)
    if damage == "cut":
        return data[: len(data) * 2 // 3]
    changed = bytearray(data)
    if damage == "flipped":
        for _ in range(40):
            changed[generator.randrange(2000, len(data))] ^= 1 << generator.randrange(8)
    elif damage == "zeroed":
        at = len(data) // 2
        changed[at : at + 8192] = bytes(len(changed[at : at + 8192]))
    else:
        middle = changed[3000:]
        changed[3000:] = middle[len(middle) // 2 :] + middle[: len(middle) // 2]
    return bytes(changed)


def test_what_is_damaged_is_decoded_in_one_thread(reel):
    """FFmpeg's frame threads were seen to wait for each other for ever in H.264 with flipped bits."""
    path, demuxer = reel("h264.mp4")
    for state, most in ((State.OK, 4), (State.DAMAGED, 1)):
        facts, keys = look(path, demuxer, state)
        cut = from_request(to_request(plan_cuts(facts, keys, Mode.SHIELDED).cut(0)))
        with av.open(str(path)) as container:
            decoder = container.streams.video[0].codec_context
            segment_video._prepare(decoder, cut)
            assert 1 <= decoder.thread_count <= most
            assert cut.one_thread is (state is State.DAMAGED)


def test_decoders_complain_to_nobody(reel, monkeypatch):
    """A thread that complains waits for Python's lock; whoever closes the decoder holds it, and waits."""
    path, demuxer = reel("raw.h264")
    levels, make = [], segments._make

    def told(source, cut):
        levels.append(av.logging.get_level())
        return make(source, cut)

    monkeypatch.setattr(segments, "_make", told)
    before = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)  # as in the worker
    try:
        play(path, plan_of(path, demuxer, Mode.SHIELDED), 1)
        assert av.logging.get_level() == av.logging.ERROR
    finally:
        av.logging.set_level(before)
    assert levels == [None]


def test_a_damaged_file_ends_soon_after_its_last_key_frame(reel, tmp_path):
    path, demuxer = reel("h264-one-key.mkv")
    facts, keys = look(path, demuxer, State.DAMAGED)
    longer = replace(facts, duration=facts.duration * 100)
    assert plan_cuts(longer, keys, Mode.CLEAR).spans[-1].end <= 12 * TICKS
    assert plan_cuts(replace(longer, state=State.OK), keys, Mode.CLEAR).spans[-1].end > 700 * TICKS


def test_a_lying_index_cannot_do_worse_than_a_black_segment(reel):
    path, demuxer = reel("mpeg2.mpg")
    facts, keys = look(path, demuxer)
    lies = [KeyFrame(k.pts, k.dts, 1 << 40, 0) for k in keys]
    plan = plan_cuts(facts, lies, Mode.CLEAR)
    assert decoded(play(path, plan, 1)[0])[0]
    strange = [KeyFrame(-(1 << 62) + n, None, None, 0) for n in range(3)]
    plan_cuts(facts, strange, Mode.CLEAR)


def test_a_request_comes_through_json_unchanged(reel):
    path, demuxer = reel("hevc.mp4")
    cut = plan_of(path, demuxer, Mode.CLEAR).cut(1)
    assert from_request(to_request(cut)) == cut


@pytest.mark.parametrize(
    "data",
    [b"", b"G" * 100, b"x" * PACKET, b"G" + bytes(187) + b"x" + bytes(187), b"G\x1f" + bytes(186)],
)
def test_bytes_that_are_no_transport_stream_are_refused(data):
    with pytest.raises(MediaRefused):
        check_segment(data)


@pytest.fixture(scope="module")
def pool() -> Iterator[ZygotePool]:
    program = Path(__file__).with_name("playing_programs.py")
    with ZygotePool([sys.executable, str(program)], 1) as pool:
        yield pool


@pytest.mark.parametrize(
    "name", ["h264.mp4", "raw.hevc", "mpeg2.mpg", "mjpeg.avi", "av1.mkv", "hevc.ts"]
)
def test_the_sandbox_makes_the_same_segments(reel, pool, name):
    path, demuxer = reel(name)
    for mode in Mode:
        plan = plan_of(path, demuxer, mode)
        with path.open("rb") as file:
            task = Task(PROGRAM, to_request(plan.cut(1)), (file.fileno(),), TaskLimits())
            outcome = pool.run(task)
        assert (outcome.end, outcome.untrusted_reason) == (End.DONE, "")
        (message,) = outcome.messages
        here, _ = play(path, plan, 1)
        assert [time for time, _ in decoded(check_segment(message.untrusted_payload))[0]] == [
            time for time, _ in decoded(here)[0]
        ]


def test_garbage_never_harms_whoever_asked(reel, pool, tmp_path):
    path, demuxer = reel("h264.mp4")
    plan = plan_of(path, demuxer, Mode.CLEAR)
    for seed in range(20):
        (tmp_path / "x").write_bytes(harmed(random.Random(seed).randbytes(20_000), "flipped"))
        with (tmp_path / "x").open("rb") as file:
            cut = replace(
                plan.cut(0), demuxer=random.Random(seed).choice(["mp4", "mpeg", "avi", "h264"])
            )
            outcome = pool.run(Task(PROGRAM, to_request(cut), (file.fileno(),), TaskLimits()))
        if outcome.end is End.DONE:
            check_segment(outcome.messages[0].untrusted_payload)
