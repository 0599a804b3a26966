"""The bound of examining: bare key-frame decoding by PyAV in two processes, nothing made of it.

``python bare_keyframes.py FOLDER``; of MJPEG about one frame a second is decoded.
"""

import os
import sys
from multiprocessing import Pool

import av


def decode(path: str) -> int:
    try:
        with av.open(path) as container:
            video = container.streams.video[0]
            video.thread_type, video.codec_context.thread_count = "NONE", 1
            video.codec_context.skip_frame = "NONKEY"
            if video.codec_context.name == "mjpeg":
                return _one_a_second(container, video)
            return sum(1 for _ in container.decode(video))
    except (av.FFmpegError, IndexError, ValueError):
        return 0  # documents, damage: nothing to decode


def _one_a_second(container, video) -> int:
    count, before = 0, None
    for packet in container.demux(video):
        if packet.pts is not None and int(packet.pts * packet.time_base) != before:
            before = int(packet.pts * packet.time_base)
            count += len(packet.decode())
    return count


def main() -> None:
    paths = [os.path.join(at, name) for at, _, names in os.walk(sys.argv[1]) for name in names]
    with Pool(2) as pool:
        print(sum(pool.imap_unordered(decode, filter(os.path.isfile, paths))))


if __name__ == "__main__":
    main()
