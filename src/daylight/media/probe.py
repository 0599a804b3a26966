"""What an item is: sniffed by content, opened with that demuxer alone, and read through once.

The pass over all packets decodes nothing. It gives the true duration where a header lies, whether
the frame rate varies, the key-frame index, and signs of damage that need no decoder.
"""

import os
import re
from array import array
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice
from typing import Final

import av
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from daylight.domain.media import Kind, MediaFacts, State, StreamFacts
from daylight.media.container_signs import (
    KEY_HEAD,
    WRITERS,
    ContainerSigns,
    KeyFrameSigns,
    backwards,
    first_of,
    gaps,
    group_lengths,
    joined,
    short_digest,
    stretches,
)
from daylight.media.display_matrix import rotations
from daylight.media.facts_json import MAX_STREAMS, MAX_TEXT
from daylight.media.keyframes import UNKNOWN, KeyFrameIndex
from daylight.media.last_picture import CUT, is_cut
from daylight.media.layout import layout
from daylight.media.packet import MediaPacket
from daylight.media.packet_signs import PacketSigns
from daylight.media.reading import DEFAULT_RATE, UNTIMED, Holding, Kept, open_media, size_of
from daylight.media.sniff import sniff
from daylight.media.sniffed import Sniffed
from daylight.media.stills import still_facts
from daylight.media.stream_facts import (
    Shown,
    base_of,
    codec_name,
    is_decodable,
    is_described,
    pairs,
    stream_facts,
)
from daylight.media.structure import faults

HEAD: Final = 1 << 16
TAIL: Final = 4096
_BRIEFLY: Final = frozenset({"mov", "gif", "wav"})  # in others the header alone says less
MAX_RATE: Final = 1000  # pictures a second that are believed
MAX_ERRORS: Final = 100  # of the demuxer, before it is given up

_ENCODERS: Final = re.compile(
    rb"(?:x26[45] |Lavc|Lavf|HEVC encoder|Hikvision|HIK|Dahua)[ -~]{0,60}"
)


@dataclass(frozen=True, slots=True)
class Probe:
    """``index`` is None for items without video. The facts' state is as far as seen without decoding.

    ``signs``: of how it was written; None for what has no packets. ``kept``: where that was asked for,
    and it is short.
    """

    facts: MediaFacts
    index: KeyFrameIndex | None
    signs: ContainerSigns | None = None
    kept: Kept | None = None


def probe(descriptor: int, keep: ExitStack | None = None) -> Probe:
    """Recognise the file behind ``descriptor``. Never raises for what the file holds.

    ``keep`` closes what is kept.
    """
    size = size_of(descriptor)
    head = os.pread(descriptor, HEAD, 0)
    tail = os.pread(descriptor, TAIL, max(0, size - TAIL))
    seen = sniff(head, tail, size, lambda at, count: os.pread(descriptor, count, at))
    if not seen.demuxer:
        return Probe(_unopened(seen), None)
    if seen.kind is Kind.IMAGE:
        return Probe(still_facts(descriptor, seen.container, seen.demuxer), None)
    wrong = [*([seen.reason] if seen.reason else []), *faults(descriptor, size, seen.container)]
    turned = rotations(descriptor, size) if seen.demuxer == "mov" else {}
    try:
        with ExitStack() as opened:
            container = opened.enter_context(_opened(descriptor, seen.demuxer))
            probed = _read_through(container, seen, wrong, turned)
            if keep is None:
                probed = replace(probed, kept=None)
            elif probed.kept is not None:
                keep.push(opened.pop_all())
    except (av.FFmpegError, ValueError) as error:
        return Probe(_unreadable(seen, wrong, error), None)
    signs = replace(
        probed.signs or ContainerSigns(), layout=layout(descriptor, size, seen.container)
    )
    probed = replace(probed, signs=signs)
    if seen.demuxer in UNTIMED and probed.index and is_cut(descriptor, seen.demuxer, probed.index):
        return replace(probed, facts=_damaged(probed.facts, CUT))
    return probed


def _opened(descriptor: int, demuxer: str) -> InputContainer:
    """As briefly as the facts allow."""
    container = open_media(descriptor, demuxer, brief=demuxer in _BRIEFLY)
    if demuxer not in _BRIEFLY or all(is_described(stream) for stream in container.streams):
        return container
    container.close()
    return open_media(descriptor, demuxer)


def _damaged(facts: MediaFacts, reason: str) -> MediaFacts:
    reasons = "; ".join(filter(None, (facts.reason, reason)))
    return replace(facts, state=State.DAMAGED, reason=reasons[:MAX_TEXT])


def _unopened(seen: Sniffed) -> MediaFacts:
    """Not for a demuxer: documents, archives, empty files; or refused, with its reason."""
    state = State.UNREADABLE if seen.reason else State.OK
    return MediaFacts(seen.kind, state, reason=seen.reason, container=seen.container)


def _unreadable(seen: Sniffed, wrong: list[str], error: Exception) -> MediaFacts:
    reason = "; ".join(wrong) or f"it cannot be opened: {_sentence(error)}"
    return MediaFacts(
        seen.kind,
        State.UNREADABLE,
        reason=reason[:MAX_TEXT],
        container=seen.container,
        demuxer=seen.demuxer,
    )


def _sentence(error: Exception) -> str:
    """FFmpeg's own words, without the name of a file."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:200]


@dataclass(slots=True)
class _Pass:
    """What the packets of the first video stream (or, without one, the first sound) say."""

    key_pts: "array[int]" = field(default_factory=lambda: array("q"))
    key_dts: "array[int]" = field(default_factory=lambda: array("q"))
    key_numbers: "array[int]" = field(default_factory=lambda: array("q"))
    key_positions: "array[int]" = field(default_factory=lambda: array("q"))
    key_sizes: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[int]" = field(default_factory=lambda: array("q"))
    packets: int = 0
    last_duration: int = 0
    signs: list[str] = field(default_factory=list)
    marked: int = 0  # packets that the demuxer itself calls corrupt
    errors: int = 0
    hurt: "array[int]" = field(
        default_factory=lambda: array("q")
    )  # times, or numbers, of damaged ones
    encoder: bytes = b""
    marks: KeyFrameSigns | None = None
    untimed: bool = False
    held: Holding = field(default_factory=Holding)

    @property
    def shown(self) -> Shown:
        return Shown(self.packets, self.times)


def _read_through(
    container: InputContainer, seen: Sniffed, wrong: list[str], turned: Mapping[int, int]
) -> Probe:
    """``turned``: degrees clockwise by the container's own number of a stream."""
    video = _main_video(container)
    main = video or next((s for s in container.streams if s.type == "audio"), None)
    if main is None:
        raise ValueError("it holds neither pictures nor sound")
    seen_pass = _walk(container, main, untimed=seen.demuxer in UNTIMED)
    if not seen_pass.packets:
        raise ValueError("it holds no packet")
    wrong = [*wrong, *_signs(seen_pass)]
    untimed = seen.demuxer in UNTIMED
    step = _step(video) if untimed and video is not None else None
    facts = MediaFacts(
        kind=Kind.AUDIO if video is None else Kind.VIDEO,
        state=State.DAMAGED if wrong else State.OK,
        reason="; ".join(wrong)[:MAX_TEXT],
        container=seen.container,
        demuxer=seen.demuxer,
        duration=_duration(container, main, seen_pass, step),
        start=Fraction(0) if untimed else _start(container, main, seen_pass),
        streams=tuple(
            _turned(
                stream_facts(stream, step, seen_pass.shown if stream is main else None),
                turned.get(stream.id, 0),
            )
            for stream in islice(container.streams, MAX_STREAMS)
        ),
        key_frames=len(seen_pass.key_sizes) if video is not None else 0,
        assumed_rate=untimed and video is not None and not _stated_rate(video),
        encoder=_encoder(container, main, seen_pass),
        untrusted_metadata=pairs(container.metadata),
    )
    index = None if video is None else _index(video, seen_pass, facts, step)
    signs = _container_signs(container, main, seen_pass, facts, step)
    return Probe(facts, index, signs, None if index is None else seen_pass.held.all_of(container))


def _container_signs(
    container: InputContainer, main: Stream, seen: _Pass, facts: MediaFacts, step: Fraction | None
) -> ContainerSigns:
    base = base_of(main)
    zero = facts.start or Fraction(0)
    times = () if facts.demuxer in UNTIMED else seen.times
    away, away_count = first_of(gaps(times, base, zero))
    back, back_count = first_of(backwards(times, base, zero))
    hurt = [time * (step or base) - zero for time in seen.hurt if time != UNKNOWN]
    hurts, hurt_count = first_of(stretches(hurt))
    marks = seen.marks or KeyFrameSigns("", b"")
    stated = [container.metadata, *(stream.metadata for stream in container.streams)]
    written = [text for pairs_ in stated for key, text in pairs_.items() if key in WRITERS]
    return ContainerSigns(
        untrusted_strings=joined(written, list(marks.strings)),
        parameters=short_digest(marks.extradata),
        parameter_sets=len(marks.sets),
        gaps=away,
        gap_count=away_count,
        back=back,
        back_count=back_count,
        hurt=hurts,
        hurt_count=hurt_count,
        groups=group_lengths(seen.key_numbers) if facts.kind is Kind.VIDEO else (),
        time_base=base,
        video_streams=len(container.streams.video),
        order=tuple(one.media for one in facts.streams),
    )


def _turned(facts: StreamFacts, degrees: int) -> StreamFacts:
    return replace(facts, rotation=degrees) if degrees and facts.media == "video" else facts


def _main_video(container: InputContainer) -> VideoStream | None:
    """The first stream of moving pictures: not the cover picture of a sound file.

    Raises ``ValueError`` where there are some that nothing here can decode.
    """
    attached = av.stream.Disposition.attached_pic
    moving = [s for s in container.streams.video if not s.disposition & attached]
    if moving and not any(is_decodable(stream) for stream in moving):
        raise ValueError("there is no decoder for its pictures")
    return next((stream for stream in moving if is_decodable(stream)), None)


def _walk(container: InputContainer, main: Stream, *, untimed: bool) -> _Pass:
    seen = _Pass(untimed=untimed)
    signs = _packet_signs(main)
    extradata = getattr(main.codec_context, "extradata", None) or b""
    seen.marks = KeyFrameSigns(codec_name(main), extradata)
    for packet in _packets(container, main, seen):
        before = signs.count
        if signs.looks:
            signs.look(bytes(packet), -1 if packet.pos is None else packet.pos)
        _note(seen, packet, hurt=packet.is_corrupt or signs.count > before)
        seen.held.add(packet)
    seen.signs = signs.said()
    return seen


def _packet_signs(main: Stream) -> PacketSigns:
    extradata = getattr(main.codec_context, "extradata", None) or b""
    height = main.height if isinstance(main, VideoStream) else 0
    return PacketSigns(codec_name(main), extradata, height)


def _packets(container: InputContainer, main: Stream, seen: _Pass) -> Iterator[MediaPacket]:
    """Every packet of ``main`` that can be had; a demuxer that stumbles is asked again."""
    while seen.errors < MAX_ERRORS:
        try:
            for packet in container.demux(main):
                if packet.size:
                    yield packet
        except av.FFmpegError:
            seen.errors += 1
            continue
        return


def _note(seen: _Pass, packet: MediaPacket, *, hurt: bool) -> None:
    pts = packet.pts if packet.pts is not None else packet.dts
    if hurt:
        seen.hurt.append(seen.packets if seen.untimed else pts if pts is not None else UNKNOWN)
    if packet.is_keyframe:
        if seen.marks is not None:
            seen.marks.look(bytes(memoryview(packet)[:KEY_HEAD]))
        if not seen.encoder:
            found = _ENCODERS.search(bytes(packet)[:4096])
            seen.encoder = found[0] if found else b"-"
        seen.key_pts.append(UNKNOWN if packet.pts is None else packet.pts)
        seen.key_dts.append(UNKNOWN if packet.dts is None else packet.dts)
        seen.key_numbers.append(seen.packets)
        position = packet.pos
        seen.key_positions.append(UNKNOWN if position is None or position < 0 else position)
        seen.key_sizes.append(packet.size)
    if pts is not None:
        seen.times.append(pts)
        seen.last_duration = packet.duration or seen.last_duration
    seen.marked += packet.is_corrupt
    seen.packets += 1


def _signs(seen: _Pass) -> list[str]:
    signs = list(seen.signs)
    if seen.marked:
        signs.append(f"{seen.marked} packets are marked as corrupt")
    if seen.errors:
        signs.append("the container is broken in places")
    return signs


def _stated_rate(video: VideoStream) -> Fraction | None:
    """What the stream itself says, for raw streams; FFmpeg's own guess for them is no statement."""
    rate = Fraction(video.codec_context.framerate or 0)
    return rate if 0 < rate <= MAX_RATE else None


def _step(video: VideoStream) -> Fraction:
    """Seconds a picture, for streams without times."""
    return 1 / (_stated_rate(video) or Fraction(DEFAULT_RATE))


def _duration(
    container: InputContainer, main: Stream, seen: _Pass, step: Fraction | None
) -> Fraction | None:
    """Seconds, from the packets where they have times: headers lie, or were never finished."""
    if step is not None:
        return seen.packets * step
    base = main.time_base
    if len(seen.times) > 1 and base:
        return (max(seen.times) - min(seen.times) + max(seen.last_duration, 0)) * base
    if container.duration:
        return Fraction(container.duration, av.time_base)
    return seen.last_duration * base if base and seen.last_duration else None


def _start(container: InputContainer, main: Stream, seen: _Pass) -> Fraction:
    """Seconds of media zero: the container's start, else the first packet's."""
    stated: int | None = container.start_time
    if stated is not None:
        return Fraction(stated, av.time_base)
    return min(seen.times) * main.time_base if seen.times and main.time_base else Fraction(0)


def _index(
    video: VideoStream, seen: _Pass, facts: MediaFacts, step: Fraction | None
) -> KeyFrameIndex:
    base = video.time_base or Fraction(1, av.time_base)
    if step is not None:
        base, times = step, seen.key_numbers
    else:
        zero = round((facts.start or 0) / base)
        times = array(
            "q", (_time(p, d) - zero for p, d in zip(seen.key_pts, seen.key_dts, strict=True))
        )
    return KeyFrameIndex(
        video.index,
        base,
        times,
        seen.key_pts,
        seen.key_dts,
        seen.key_positions,
        seen.key_sizes,
        seen.key_numbers,
    )


def _time(pts: int, dts: int) -> int:
    return pts if pts != UNKNOWN else max(dts, 0)


def _encoder(container: InputContainer, main: Stream, seen: _Pass) -> str:
    """What names the encoder, in container, stream and the first key frame; evidence, not truth."""
    found = [container.metadata.get("encoder", ""), main.metadata.get("encoder", "")]
    found.append(main.metadata.get("handler_name", ""))
    found.append(seen.encoder.decode("ascii", "replace") if seen.encoder != b"-" else "")
    return "; ".join(dict.fromkeys(text for text in found if text))[:MAX_TEXT]
