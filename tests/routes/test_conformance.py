"""What every route must do, whatever it reads from. A new route adds one line to ``MAKERS``."""

import os
import random
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daylight.routes.base import EntryKind, Route
from daylight.routes.registry import for_path
from tests.routes.makers import (
    COMPRESSORS,
    HOSTILE_NAMES,
    Files,
    contents,
    put_folder,
    read,
    stored,
    tar_of,
    zip_of,
)

Maker = Callable[[Path, Files], "contextmanager[Route]"]


@contextmanager
def _folder(tmp_path: Path, files: Files) -> Iterator[Route]:
    yield for_path(put_folder(tmp_path / "material", files))


class _Payload:
    """Of a bag's route what is not ``bagit.txt``: the suite knows only what it put there."""

    def __init__(self, route: Route) -> None:
        self._route, self.sequential = route, route.sequential

    def arrivals(self):
        return (one for one in self._route.arrivals() if one.untrusted_path != b"bagit.txt")


@contextmanager
def _bag(tmp_path: Path, files: Files) -> Iterator[_Payload]:
    folder = put_folder(tmp_path / "material", {b"bagit.txt": b"", **files})
    route = for_path(folder)
    assert route.name == "bag"
    yield _Payload(route)


def _archive(pack: Callable[[Files], bytes]):
    @contextmanager
    def make(tmp_path: Path, files: Files) -> Iterator[Route]:
        with stored(tmp_path, pack(files)) as route:
            assert route is not None
            yield route

    return make


MAKERS = {
    "folder": _folder,
    "bag": _bag,
    "zip": _archive(zip_of),
    "zip-stored": _archive(lambda files: zip_of(files, zipfile.ZIP_STORED)),
    "zip-bzip2": _archive(lambda files: zip_of(files, zipfile.ZIP_BZIP2)),
    "zip-lzma": _archive(lambda files: zip_of(files, zipfile.ZIP_LZMA)),
    **{f"tar-{how}": _archive(lambda files, how=how: tar_of(files, how)) for how in COMPRESSORS},
}

_noise = random.Random(7)
FILES: dict[bytes, bytes] = {
    name: _noise.randbytes(size)
    for name, size in zip(
        HOSTILE_NAMES,
        (10, 0, 1, 511, 512, 513, 65536, 65537, 200_001, 3, 1_300_000),
        strict=True,
    )
}


@pytest.fixture(params=MAKERS)
def route(request, tmp_path):
    with MAKERS[request.param](tmp_path, FILES) as made:
        yield made


def test_every_file_arrives_byte_for_byte(route):
    assert dict(contents(route)) == FILES


def test_each_file_arrives_once(route):
    assert len(contents(route)) == len(FILES)


def test_the_order_is_the_same_each_time(route):
    first = [arrival.untrusted_path for arrival in route.arrivals()]
    assert first == [arrival.untrusted_path for arrival in route.arrivals()]


def test_sizes_are_what_comes_out(route):
    for arrival in route.arrivals():
        assert arrival.size == len(read(arrival))


def test_a_small_buffer_gives_the_same_bytes(route):
    for arrival in route.arrivals():
        step = max(1, arrival.size // 50)
        assert read(arrival, step) == FILES[arrival.untrusted_path]


def test_skipping_files_loses_no_other(route):
    kept = {
        arrival.untrusted_path: read(arrival)
        for number, arrival in enumerate(route.arrivals())
        if number % 2
    }
    assert len(kept) == len(FILES) // 2
    assert all(FILES[path] == data for path, data in kept.items())


def test_a_descriptor_if_given_holds_exactly_the_bytes(route):
    for arrival in route.arrivals():
        with arrival.open() as source:
            fd = source.fileno()
            if fd is not None:
                assert os.pread(fd, arrival.size + 1, 0) == FILES[arrival.untrusted_path]


def test_random_access_routes_can_be_read_late_and_interleaved(route):
    if route.sequential:
        pytest.skip("a sequential route promises less")
    arrivals = list(route.arrivals())
    opened = [arrival.open() for arrival in arrivals]
    sources = [source.__enter__() for source in opened]
    got = [b"" for _ in sources]
    buffer = memoryview(bytearray(40_000))
    going = set(range(len(sources)))
    while going:
        for number in sorted(going):
            count = sources[number].readinto(buffer)
            got[number] += bytes(buffer[:count])
            if not count:
                going.discard(number)
    for one in opened:
        one.__exit__(None, None, None)
    assert {a.untrusted_path: data for a, data in zip(arrivals, got, strict=True)} == FILES


def test_no_descriptor_is_left_open(route):
    before = len(os.listdir("/proc/self/fd"))
    assert len(contents(route)) == len(FILES)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("maker", MAKERS)
def test_one_empty_file(maker, tmp_path):
    with MAKERS[maker](tmp_path, {b"empty": b""}) as route:
        for arrival in route.arrivals():
            assert arrival.kind is EntryKind.FILE
            assert (arrival.size, read(arrival)) == (0, b"")
        assert contents(route) == [(b"empty", b"")]


@pytest.mark.parametrize("maker", MAKERS)
def test_nothing_is_written_anywhere(maker, tmp_path):
    hostile = (
        {b"../escaped": b"1", b"/absolute": b"2"}
        if maker not in ("folder", "bag")
        else {b"a": b"1"}
    )
    with MAKERS[maker](tmp_path, hostile) as route:
        before = sorted(os.listdir(tmp_path)), sorted(os.listdir(tmp_path.parent))
        assert dict(contents(route)) == hostile
        after = sorted(os.listdir(tmp_path)), sorted(os.listdir(tmp_path.parent))
    assert before[0] == after[0]
    assert b"escaped" not in {os.fsencode(name) for name in after[1]}
