import bz2
import gzip
import io
import lzma
import os
import tarfile
import time
import tracemalloc
import zlib

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from daylight.errors import DaylightError, LimitExceeded, SourceUnreadable
from daylight.routes.base import EntryKind, Limits, Reason
from daylight.routes.registry import for_stored
from daylight.routes.tars import KEPT_FOR_LATER
from tests.routes.makers import COMPRESSORS, contents, read, refusals, stored, tar_of, tar_with

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def _info(name, kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    info.mtime = 12
    return info


def _walk(route):
    """What arrives, with the bytes of each file or the error met."""
    met = []
    for arrival in route.arrivals():
        try:
            data = read(arrival) if arrival.kind is EntryKind.FILE else b""
        except SourceUnreadable:
            data = None
        met.append((arrival.untrusted_path, arrival.reason, data))
    return met


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize(
    "name", [b"../../x", b"/etc/passwd", b"a\nb", b"-rf", b"\xff\xfe", b"n" * 99]
)
def test_hostile_names_are_kept_as_names(tmp_path, fmt, name):
    with stored(tmp_path, tar_of({name: b"1"}, fmt=fmt)) as route:
        assert contents(route) == [(name, b"1")]


@pytest.mark.parametrize("fmt", FORMATS[1:])
def test_long_names_are_kept_whole(tmp_path, fmt):
    name = b"/".join([b"\xe9" + b"d" * 254] * 20)
    with stored(tmp_path, tar_of({name: b"1", b"after": b"2"}, fmt=fmt)) as route:
        assert contents(route) == [(name, b"1"), (b"after", b"2")]


def test_links_and_hard_links_are_recorded(tmp_path):
    raw = tar_with(
        (_info("f"), b"1"),
        (_info("s", tarfile.SYMTYPE, "../../out\udcff"), b""),
        (_info("h", tarfile.LNKTYPE, "f"), b""),
        (_info("t" * 150, tarfile.SYMTYPE, "u" * 300), b""),
    )
    with stored(tmp_path, raw) as route:
        links = [a for a in route.arrivals() if a.kind is EntryKind.LINK]
    assert [(link.untrusted_path, link.untrusted_target) for link in links] == [
        (b"s", b"../../out\xff"),
        (b"h", b"f"),
        (b"t" * 150, b"u" * 300),
    ]


def test_devices_fifos_and_unknown_types_are_refused(tmp_path):
    raw = tar_with(
        (_info("c", tarfile.CHRTYPE), b""),
        (_info("b", tarfile.BLKTYPE), b""),
        (_info("p", tarfile.FIFOTYPE), b""),
        (_info("v", b"V"), b"some data"),
        (_info("f"), b"1"),
    )
    with stored(tmp_path, raw) as route:
        assert refusals(route) == [
            (b"c", Reason.DEVICE),
            (b"b", Reason.DEVICE),
            (b"p", Reason.FIFO),
            (b"v", Reason.UNKNOWN_TYPE),
        ]
        assert contents(route) == [(b"f", b"1")]


def test_folders_are_skipped(tmp_path):
    raw = tar_with((_info("d", tarfile.DIRTYPE), b""), (_info("d/f"), b"1"))
    with stored(tmp_path, raw) as route:
        assert [a.untrusted_path for a in route.arrivals()] == [b"d/f"]


def test_sparse_files_of_gnu_tar_are_refused_and_what_follows_is_read(tmp_path):
    block = bytearray(_info("sparse", tarfile.GNUTYPE_SPARSE).tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"%011o\0" % 512
    block[482] = 1  # another sparse header follows
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    more = bytes(512)
    raw = bytes(block) + more + b"x" * 512 + tar_with((_info("f"), b"1"))
    with stored(tmp_path, raw) as route:
        assert _walk(route) == [(b"sparse", Reason.SPARSE, b""), (b"f", "", b"1")]


def test_sparse_files_of_pax_are_refused(tmp_path):
    info = _info("GNUSparseFile.0/sparse")
    info.size = 512
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    raw = info.tobuf(tarfile.PAX_FORMAT) + bytes(512) + tar_with((_info("f"), b"1"))
    with stored(tmp_path, raw) as route:
        assert [reason for _, reason, _ in _walk(route)] == [Reason.SPARSE, ""]


@pytest.mark.parametrize(
    ("mtime", "expected"),
    [
        ("1350244992.023960108", 1350244992023960108),
        ("-3.5", -3500000000),
        ("7", 7000000000),
        ("nonsense", 12000000000),
        ("9" * 40, 12000000000),
    ],
)
def test_times_of_pax_keep_their_nanoseconds(tmp_path, mtime, expected):
    info = _info("f")
    info.pax_headers = {"mtime": mtime}
    with stored(tmp_path, info.tobuf(tarfile.PAX_FORMAT) + bytes(1024)) as route:
        (arrival,) = route.arrivals()
        assert arrival.mtime_ns == expected


def test_the_same_name_twice_is_two_arrivals(tmp_path):
    with stored(tmp_path, tar_with((_info("a"), b"1"), (_info("a"), b"2"))) as route:
        assert contents(route) == [(b"a", b"1"), (b"a", b"2")]


def test_archives_one_behind_the_other_give_all_members(tmp_path):
    raw = tar_of({b"a": b"1"}) + tar_of({b"b": b"2"})
    for compressed in (
        raw,
        gzip.compress(raw),
        gzip.compress(raw[:5000]) + gzip.compress(raw[5000:]),
    ):
        with stored(tmp_path, compressed) as route:
            assert contents(route) == [(b"a", b"1"), (b"b", b"2")]
            assert refusals(route) == []


def test_data_behind_the_end_is_reported(tmp_path):
    with stored(tmp_path, tar_of({b"a": b"1"}) + b"hidden" * 200) as route:
        assert _walk(route) == [(b"a", "", b"1"), (b"", Reason.TRAILING_DATA, b"")]


def test_padding_behind_the_compressed_data_is_no_fault(tmp_path):
    for how in ("gz", "bz2", "xz"):
        with stored(tmp_path, tar_of({b"a": b"1"}, how) + bytes(1000)) as route:
            assert _walk(route) == [(b"a", "", b"1")]


def test_a_damaged_header_ends_the_archive_aloud(tmp_path):
    raw = bytearray(tar_with((_info("a"), b"1"), (_info("b"), b"2"), (_info("c"), b"3")))
    raw[1024 + 20] ^= 0xFF
    with stored(tmp_path, bytes(raw)) as route:
        assert _walk(route) == [(b"a", "", b"1"), (b"", Reason.DAMAGED, b"")]


# bzip2 gives nothing before its first block of 900 kB is whole.
DATA = {b"a": os.urandom(3000), b"b": os.urandom(1_500_000), b"c": os.urandom(3000)}


@pytest.mark.parametrize("how", COMPRESSORS)
def test_a_cut_archive_gives_what_is_whole_and_says_where_it_ends(tmp_path, how):
    whole = tar_of(DATA, how)
    with stored(tmp_path, whole[:1_300_000]) as route:
        met = _walk(route)
    assert met == [
        (b"a", "", DATA[b"a"]),
        (b"b", "", None),
        (b"", Reason.TRUNCATED, b""),
    ]


@pytest.mark.parametrize("how", COMPRESSORS)
def test_every_truncation_ends_well(tmp_path, how):
    whole = tar_of({b"a": os.urandom(300), b"b": b"2" * 700}, how)
    for length in range(0, len(whole), 7 if len(whole) < 3000 else 97):
        with stored(tmp_path, whole[:length]) as route:
            if route is None:
                continue
            met = _walk(route)
            assert all(data is None or path != b"a" or len(data) == 300 for path, _, data in met)


def test_a_plain_tar_cut_in_its_end_mark_is_whole(tmp_path):
    raw = tar_with((_info("a"), b"1"))
    with stored(tmp_path, raw[: 1024 + 512]) as route:
        assert _walk(route) == [(b"a", "", b"1")]
    with stored(tmp_path, raw[:1024]) as route:
        assert _walk(route) == [(b"a", "", b"1"), (b"", Reason.TRUNCATED, b"")]


@pytest.mark.parametrize("how", ["gz", "bz2", "xz"])
def test_damaged_compression_is_told_by_the_last_entry_at_the_latest(tmp_path, how):
    """Checksums stand at the end of a block or stream: what came before may be wrong, unseen."""
    raw = bytearray(tar_of(DATA, how))
    raw[1_300_000:1_300_100] = bytes(100)
    with stored(tmp_path, bytes(raw)) as route:
        met = _walk(route)
    assert met[0] == (b"a", "", DATA[b"a"])
    assert met[-1] == (b"", Reason.DAMAGED, b"")


@pytest.mark.parametrize("how", ["gz", "bz2", "xz", "zst"])
def test_small_members_of_a_stream_may_be_read_late_and_large_ones_not(tmp_path, how):
    files = {b"a": b"1", b"empty": b"", b"big": bytes(KEPT_FOR_LATER + 1), b"b": b"2"}
    with stored(tmp_path, tar_of(files, how)) as route:
        assert route.sequential
        first, empty, big, last = route.arrivals()
        assert (read(first), read(empty), read(last)) == (b"1", b"", b"2")
        with pytest.raises(SourceUnreadable, match="before the next"):
            read(big)


@pytest.mark.parametrize("how", ["gz", "xz"])
def test_a_small_member_that_is_cut_says_so_when_read_late(tmp_path, how):
    raw = tar_of({b"a": os.urandom(1000), b"b": os.urandom(90_000)}, how)
    with stored(tmp_path, raw[:50_000]) as route:
        first, second, last = route.arrivals()
        assert len(read(first)) == 1000
        with pytest.raises(SourceUnreadable, match="cut off"):
            read(second)
        assert last.reason == Reason.TRUNCATED


def test_what_was_read_late_is_let_go(tmp_path):
    with stored(tmp_path, tar_of({b"a": bytes(900_000), b"b": b""}, "gz")) as route:
        first, _ = route.arrivals()
        assert len(read(first)) == 900_000
        with pytest.raises(SourceUnreadable, match="only once"):
            read(first)


@pytest.mark.parametrize("how", ["gz", "bz2", "xz", "zst"])
def test_a_member_that_expands_too_far_is_stopped(tmp_path, how):
    bomb = tar_of({b"a": b"kept", b"bomb": bytes(100 << 20)}, how)
    with stored(tmp_path, bomb, Limits(max_ratio=300)) as route:
        walk = route.arrivals()
        assert read(next(walk)) == b"kept"
        with pytest.raises(LimitExceeded, match="--max-ratio"):
            read(next(walk))
        with pytest.raises(LimitExceeded, match="--max-ratio"):
            next(walk)


@pytest.mark.parametrize("how", ["gz", "bz2", "xz", "zst"])
def test_a_bomb_costs_no_memory(tmp_path, how):
    bomb = tar_of({b"bomb": bytes(50 << 20)}, how)
    tracemalloc.start()
    with stored(tmp_path, bomb) as route:
        buffer = memoryview(bytearray(1 << 16))
        for arrival in route.arrivals():
            with arrival.open() as source:
                while source.readinto(buffer):
                    pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20  # xz keeps a window of 8 MiB


def test_skipping_a_bomb_is_charged_too(tmp_path):
    bomb = tar_of({b"bomb": bytes(100 << 20), b"after": b""}, "gz")
    with stored(tmp_path, bomb, Limits(max_ratio=300)) as route:
        with pytest.raises(LimitExceeded, match="--max-ratio"):
            list(route.arrivals())


@pytest.mark.parametrize("how", COMPRESSORS)
def test_total_and_members_are_limited(tmp_path, how):
    raw = tar_of({b"%d" % n: os.urandom(200_000) for n in range(6)}, how)
    with stored(tmp_path, raw, Limits(max_total=700_000)) as route:
        kept = []
        with pytest.raises(LimitExceeded, match="--max-total"):
            for arrival in route.arrivals():
                kept += [read(arrival)]
        assert 2 <= len(kept) <= 3
    with stored(tmp_path, raw, Limits(max_members=4)) as route:
        with pytest.raises(LimitExceeded, match="--max-members"):
            list(route.arrivals())


def test_a_claim_of_exabytes_is_refused_before_reading(tmp_path):
    info = _info("huge")
    info.size = 1 << 62
    raw = info.tobuf(tarfile.GNU_FORMAT) + b"x" * 1000
    for packed in (raw, gzip.compress(raw)):
        with stored(tmp_path, packed) as route:
            arrival = next(route.arrivals())
            with pytest.raises(LimitExceeded, match="--max-total"):
                arrival.open()


def test_a_long_name_without_end_is_not_read_into_memory(tmp_path):
    info = _info("././@LongLink", tarfile.GNUTYPE_LONGNAME)
    info.size = 1 << 30
    raw = gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(2 << 20))
    with stored(tmp_path, raw) as route:
        assert refusals(route) == [(b"", Reason.DAMAGED)]


def test_a_pax_header_of_many_records_costs_no_time(tmp_path):
    info = _info("pax", tarfile.XHDTYPE)
    body = b"5 a=\n" * 200_000
    info.size = len(body)
    raw = info.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512) + tar_of({b"f": b"1"})
    began = time.process_time()
    with stored(tmp_path, raw) as route:
        assert contents(route) == [(b"f", b"1")]
    assert time.process_time() - began < 5


def test_compression_that_wants_too_much_memory_stays_a_plain_file(tmp_path):
    tar = tar_of({b"a": b"1"})
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]
    parameters = zstandard.ZstdCompressionParameters(window_log=29, enable_ldm=False)
    out = io.BytesIO()
    with zstandard.ZstdCompressor(compression_params=parameters).stream_writer(
        out, closefd=False
    ) as writer:
        writer.write(tar)
    for packed in (_with_header_dict(tar, filters), out.getvalue()):
        with stored(tmp_path, packed) as route:
            assert route is None


def _with_header_dict(data, filters):
    small = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
    raw = bytearray(lzma.compress(data, filters=small))
    # The block header names the dictionary: 12 bytes stream header, then size, flags, filter.
    block = raw[12 : 12 + (raw[12] + 1) * 4]
    block[4] = 34  # 2 << (34 // 2 + 11) = 512 MiB
    block[-4:] = _crc32(bytes(block[:-4]))
    raw[12 : 12 + len(block)] = block
    return bytes(raw)


def _crc32(data):
    return zlib.crc32(data).to_bytes(4, "little")


@pytest.mark.parametrize("how", ["gz", "bz2", "xz", "zst"])
def test_compressed_files_that_are_no_tar_stay_plain(tmp_path, how):
    for data in (b"", b"a log\n" * 400, bytes(20_000)):
        with stored(tmp_path, COMPRESSORS[how](data)) as route:
            assert route is None


@pytest.mark.parametrize("data", [b"", b"x", bytes(10240), b"x" * 257 + b"ustar" + b"x" * 300])
def test_other_files_stay_plain(tmp_path, data):
    with stored(tmp_path, data) as route:
        assert route is None


_SEEDS = [tar_of({b"a": b"1" * 700, b"n" * 120: b"2"}, how) for how in COMPRESSORS] + [
    tar_of({b"a": b"1" * 700, b"n" * 60 + b"/" + b"m" * 60: b"2"}, fmt=fmt) for fmt in FORMATS[:2]
]


def _survive(data):
    fd = os.memfd_create("seed")
    try:
        os.write(fd, data)
        route = for_stored(fd, len(data), b"", Limits(max_total=1 << 22, max_members=50))
        if route is not None:
            _walk(route)
    except DaylightError:
        pass
    finally:
        os.close(fd)


@settings(max_examples=300, deadline=5000)
@given(
    seed=st.sampled_from(_SEEDS),
    edits=st.lists(st.tuples(st.integers(0, 11_000), st.integers(0, 255)), max_size=8),
    cut=st.none() | st.integers(0, 11_000),
)
def test_mutations_raise_nothing_but_our_own_errors(seed, edits, cut):
    data = bytearray(seed)
    for place, value in edits:
        data[place % len(data)] = value
    _survive(bytes(data[:cut]))


def _sealed(block):
    out = bytearray(block)
    out[257:262] = b"ustar"
    out[148:156] = b" " * 8
    out[148:156] = b"%06o\0 " % sum(out)
    return bytes(out)


@settings(max_examples=200, deadline=5000)
@given(
    st.lists(st.tuples(st.binary(max_size=512), st.sampled_from(b"0123567LKxgSVDX\0")), max_size=4),
    st.sampled_from([bytes, gzip.compress, bz2.compress]),
)
def test_any_header_with_a_right_checksum_raises_nothing_but_our_own_errors(headers, pack):
    data = b""
    for raw, kind in headers:
        block = bytearray(raw.ljust(512, b"\0"))
        block[156] = kind
        block[124:136] = b"%011o\0" % (len(raw) * 3)
        data += _sealed(block) + (raw * 4)[:600].ljust(1024, b"\0")
    _survive(pack(data))
