"""The bound of an import: direct-I/O copy + SHA-256 + read-back by four bare threads, no more.

``python bare_copy.py SOURCE TARGET`` copies every file under SOURCE, durable at the end.
"""

import hashlib
import mmap
import os
import sys
from concurrent.futures import ThreadPoolExecutor

CHUNK = 4 << 20


def copy(source: str, target: str) -> None:
    buffer = memoryview(mmap.mmap(-1, CHUNK))
    hasher, size = hashlib.sha256(), 0
    came = os.open(source, os.O_RDONLY | os.O_DIRECT)
    goes = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_DIRECT, 0o600)
    while count := os.readv(came, [buffer]):
        hasher.update(buffer[:count])
        os.write(goes, buffer[: -(-count // 4096) * 4096])
        size += count
    os.ftruncate(goes, size)
    os.fdatasync(goes)
    os.close(came)
    os.close(goes)
    back = os.open(target, os.O_RDONLY | os.O_DIRECT)
    again = hashlib.sha256()
    while count := os.readv(back, [buffer]):
        again.update(buffer[:count])
    os.close(back)
    if again.digest() != hasher.digest():
        raise SystemExit("the read-back differs")


def main() -> None:
    source, target = sys.argv[1:]
    os.makedirs(target)
    files = [entry.path for entry in os.scandir(source)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(copy, files, [f"{target}/{n}" for n in range(len(files))]))
    os.sync()


main()
