"""Build a small, realistic archive from the clips in ``samples/``: what ``make run`` shows.

Real footage, remuxed and encoded as recorders do it, with copies, damage and awkward names. The same
bytes each time: encoders run on one thread, muxers leave out what varies.
"""

import os
import sys
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
EXACT = {"fflags": "+bitexact"}
BITEXACT = 1 << 23  # AV_CODEC_FLAG_BITEXACT
CUT = 2 / 3  # of a recording is left when its end is lost


def remux(source: Path, target: Path, container: str) -> None:
    """Stream copy of the pictures."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with av.open(source) as came, av.open(target, "w", format=container, options=EXACT) as goes:
        video = came.streams.video[0]
        stream = goes.add_stream_from_template(video)
        for packet in came.demux(video):
            if packet.dts is not None:
                packet.stream = stream
                goes.mux(packet)


def encode(source: Path, target: Path, container: str, codec: str, pixels: str, count: int) -> None:
    """The first ``count`` frames anew, 25 a second."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with av.open(target, "w", format=container, options=EXACT) as goes:
        stream = goes.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 704, 576, pixels
        stream.bit_rate, stream.gop_size, stream.thread_count = 3_000_000, 50, 1
        stream.codec_context.flags |= BITEXACT
        for number, frame in enumerate(_frames(source, count)):
            scaled = frame.reformat(704, 576, pixels)
            scaled.pts, scaled.time_base = number, Fraction(1, 25)
            goes.mux(stream.encode(scaled))
        goes.mux(stream.encode(None))


def _frames(source: Path, count: int) -> Iterator[av.VideoFrame]:
    with av.open(source) as came:
        for number, frame in enumerate(came.decode(video=0)):
            if number >= count:
                return
            yield frame


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def build(out: Path) -> None:
    """Fill ``out``, which must not exist."""
    out.mkdir(parents=True)
    cars, street = SAMPLES / "car-detection.mp4", SAMPLES / "street.avi"
    yard = out / "ИК-00/КАМ_01_ДВОР/2021-03-04"
    gate = out / "SITE-9/CH_02_GATE/2021-03-04"
    put(yard / "080000.mp4", cars.read_bytes())
    remux(cars, yard / "081500.mkv", "matroska")
    remux(cars, gate / "120000.ts", "mpegts")
    remux(cars, gate / "export.h264", "h264")
    put(gate / "131500.avi", street.read_bytes())
    encode(street, gate / "140000.mpg", "vob", "mpeg2video", "yuv420p", 150)
    encode(cars, yard / "090000.avi", "avi", "mjpeg", "yuvj420p", 60)
    put(yard / "100000.mp4", (SAMPLES / "h265_video.mp4").read_bytes())
    put(yard / "БК-04 СОТРУДНИК.mp4", (SAMPLES / "nasa_13013.mp4").read_bytes())
    whole = cars.read_bytes()
    put(yard / "111500.mp4", whole[: int(len(whole) * CUT)])
    put(yard / "113000.mp4", b"")
    put(out / "USB_копия/copy of 080000.mp4", whole)
    put(out / "USB_копия/IMG_0001.jpg", street.read_bytes())
    put(out / "фото/IMG_2001.JPG", (SAMPLES / "truck.jpg").read_bytes())
    put(out / "Звук/recording 1.wav", (SAMPLES / "jfk.wav").read_bytes())
    put(out / "Документы/журнал.csv", "время;смена\n08:00;1\n".encode("cp1251"))
    put(out / "Разное/line\nbreak \u202egpj.txt", b"an awkward name")
    _zip(out / "Разное/архив.zip")
    os.symlink("../../../etc/passwd", out / "Разное/passwd")


def _zip(target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("truck.jpg", "jfk.wav"):
            entry = zipfile.ZipInfo(f"inside/{name}", (2021, 3, 4, 0, 0, 0))
            archive.writestr(entry, (SAMPLES / name).read_bytes())


if __name__ == "__main__":
    build(Path(sys.argv[1]))
