import io
import os
import stat
import struct
import threading
import time
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daylight.errors import DaylightError, LimitExceeded, SourceUnreadable
from daylight.routes.base import EntryKind, Limits, Reason
from daylight.routes.registry import for_stored
from tests.routes.makers import contents, read, refusals, stored, zip_of

pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name")


def _zip(*members, comment=b""):
    """``members``: (ZipInfo or name, data)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, data in members:
            archive.writestr(info, data)
        archive.comment = comment
    return out.getvalue()


def _special(name, mode, data=b""):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info, data


def _directory_at(raw):
    return struct.unpack_from("<L", raw, raw.rfind(b"PK\5\6") + 16)[0]


def _patched(raw, offset, fmt, value, *, entry=0):
    """Set a field of the central directory's ``entry``."""
    out = bytearray(raw)
    at = _directory_at(raw)
    for _ in range(entry):
        at += 46 + sum(struct.unpack_from("<3H", raw, at + 28))
    struct.pack_into(fmt, out, at + offset, value)
    return bytes(out)


def test_an_empty_archive_has_no_arrivals(tmp_path):
    with stored(tmp_path, _zip()) as route:
        assert list(route.arrivals()) == []


@pytest.mark.parametrize(
    "name", [b"../../etc/passwd", b"/etc/passwd", b"C:\\x.exe", b"a\\..\\b", b"..", b"\0\xff"]
)
def test_hostile_names_are_kept_as_names(tmp_path, name):
    with stored(tmp_path, zip_of({name: b"1"})) as route:
        assert contents(route) == [(name, b"1")]


def test_names_stay_raw_whether_flagged_utf8_or_not(tmp_path):
    flagged = _zip(("\u0442\u044e\u0440\u044c\u043c\u0430.avi", b"1"))
    with stored(tmp_path, flagged) as route:
        assert contents(route)[0][0] == "\u0442\u044e\u0440\u044c\u043c\u0430.avi".encode()
    cp866 = "\u0442\u044e\u0440\u044c\u043c\u0430.avi".encode("cp866")
    with stored(tmp_path, zip_of({cp866: b"1"})) as route:
        assert contents(route)[0][0] == cp866


def test_links_are_recorded_with_their_target(tmp_path):
    raw = _zip(_special("l", stat.S_IFLNK | 0o777, b"../../outside"))
    with stored(tmp_path, raw) as route:
        (arrival,) = route.arrivals()
    assert (arrival.kind, arrival.untrusted_target) == (EntryKind.LINK, b"../../outside")


def test_a_link_with_an_endless_target_is_refused(tmp_path):
    with stored(tmp_path, _zip(_special("l", stat.S_IFLNK | 0o777, b"x" * 5000))) as route:
        assert refusals(route) == [(b"l", Reason.LINK)]


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (stat.S_IFCHR, Reason.DEVICE),
        (stat.S_IFBLK, Reason.DEVICE),
        (stat.S_IFIFO, Reason.FIFO),
        (stat.S_IFSOCK, Reason.SOCKET),
    ],
)
def test_specials_are_refused(tmp_path, mode, reason):
    with stored(tmp_path, _zip(_special("d", mode | 0o600), ("f", b"1"))) as route:
        assert refusals(route) == [(b"d", reason)]
        assert contents(route) == [(b"f", b"1")]


def test_folders_are_skipped_unless_they_hide_data(tmp_path):
    with stored(tmp_path, _zip(("d/", b""), ("e/", b"hidden"))) as route:
        assert contents(route) == [(b"e/", b"hidden")]


def test_the_same_name_twice_is_two_arrivals(tmp_path):
    with stored(tmp_path, _zip(("a", b"1"), ("a", b"2"))) as route:
        assert contents(route) == [(b"a", b"1"), (b"a", b"2")]


def test_encrypted_members_are_refused(tmp_path):
    raw = _patched(_zip(("a", b"1"), ("b", b"2")), 8, "<H", 1)
    with stored(tmp_path, raw) as route:
        assert refusals(route) == [(b"a", Reason.ENCRYPTED)]
        assert contents(route) == [(b"b", b"2")]


def test_unknown_compression_is_refused(tmp_path):
    with stored(tmp_path, _patched(_zip(("a", b"1")), 10, "<H", 9)) as route:
        assert refusals(route) == [(b"a", Reason.COMPRESSION)]


def test_a_wrong_checksum_is_an_error_at_the_end(tmp_path):
    raw = _patched(_zip(("a", b"data"), ("b", b"2")), 16, "<L", 1)
    with stored(tmp_path, raw) as route:
        first, second = route.arrivals()
        with pytest.raises(SourceUnreadable, match="checksum mismatch"):
            read(first)
        assert read(second) == b"2"


@pytest.mark.parametrize("size", [3, 5, 1 << 20])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_lying_sizes_are_errors(tmp_path, size, method):
    raw = _patched(zip_of({b"a": b"data", b"b": b""}, method), 24, "<L", size)
    with stored(tmp_path, raw) as route:
        first, _ = route.arrivals()
        with pytest.raises(SourceUnreadable):
            read(first)


def test_a_claim_of_petabytes_is_refused_before_reading(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("a", "w", force_zip64=True) as member:
        member.write(b"data")
    raw = _patched(out.getvalue(), 24, "<L", 0xFFFFFFF0)
    with stored(tmp_path, raw) as route, pytest.raises(LimitExceeded, match="--max-ratio"):
        next(route.arrivals()).open()


def test_headers_that_disagree_about_the_name_are_an_error(tmp_path):
    raw = _zip(("aa", b"1"))
    out = bytearray(raw)
    out[30:32] = b"zz"
    with stored(tmp_path, bytes(out)) as route:
        (arrival,) = route.arrivals()
        with pytest.raises(SourceUnreadable, match="disagree"):
            read(arrival)


def _quoting_bomb(count, kernel):
    """D. Fifield's quoted overlap: each member's data is all later headers and one shared kernel."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    squeezed = packed.compress(bytes(kernel)) + packed.flush()
    names = [b"%04d" % number for number in range(count)]

    def local(name, crc, csize, usize):
        head = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, csize, usize, len(name), 0)
        return head + name

    body, crc_of, plain = squeezed, zlib.crc32(bytes(kernel)), bytes(kernel)
    entries = []
    for name in reversed(names):
        header = local(name, crc_of, len(body), len(plain))
        entries.append((name, crc_of, len(body), len(plain), len(header)))
        quoted = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF) + header
        plain = header + plain
        crc_of = zlib.crc32(plain)
        body = quoted + body
    data = body[5:]
    at, out = 0, b""
    for name, crc, csize, usize, length in reversed(entries):
        out += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, csize, usize, 4, 0, 0, 0, 0, 0, at
        )
        out += name
        at += length + 5
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(out), len(data), 0)
    return data + out + end


def test_members_that_overlap_are_refused(tmp_path):
    raw = _quoting_bomb(50, 10_000)
    with zipfile.ZipFile(io.BytesIO(raw)) as honest:
        assert len(honest.namelist()) == 50  # it is a well-formed archive to others
    with stored(tmp_path, raw) as route:
        assert [reason for _, reason in refusals(route)] == [Reason.OVERLAP] * 49
        assert contents(route) == [(b"0049", bytes(10_000))]


def test_members_that_share_one_place_are_refused(tmp_path):
    raw = _zip(("a", b"1"), ("a", b"2"))
    with stored(tmp_path, _patched(raw, 42, "<L", 0, entry=1)) as route:
        assert refusals(route) == [(b"a", Reason.OVERLAP)] * 2


def test_an_extra_field_cannot_hide_an_overlap(tmp_path):
    """The local header's extra field, unknown to the directory, pushes the data into the next."""
    raw = bytearray(zip_of({b"a": b"1234", b"b": b"5678"}, zipfile.ZIP_STORED))
    struct.pack_into("<H", raw, 28, 20)
    with stored(tmp_path, bytes(raw)) as route:
        first, second = route.arrivals()
        with pytest.raises(SourceUnreadable, match="overlaps"):
            first.open()
        assert read(second) == b"5678"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_expands_too_far_is_stopped(tmp_path, method):
    raw = zip_of({b"bomb": bytes(70 << 20), b"b": b"2"}, method)
    with stored(tmp_path, raw, Limits(max_ratio=500)) as route:
        bomb, other = route.arrivals()
        with pytest.raises(LimitExceeded, match="--max-ratio"):
            read(bomb)
        assert read(other) == b"2"


def test_total_and_members_are_limited(tmp_path):
    raw = zip_of({b"%d" % number: bytes(1000) for number in range(9)})
    with stored(tmp_path, raw, Limits(max_total=4500)) as route:
        kept = []
        with pytest.raises(LimitExceeded, match="--max-total"):
            for arrival in route.arrivals():
                kept += [read(arrival)]
        assert len(kept) == 4
    with stored(tmp_path, raw, Limits(max_members=8)) as route:
        with pytest.raises(LimitExceeded, match="--max-members"):
            next(route.arrivals())


def test_a_directory_with_more_members_than_it_claims_is_limited_too(tmp_path):
    raw = bytearray(zip_of({b"%d" % number: b"" for number in range(9)}))
    end = raw.rfind(b"PK\5\6")
    struct.pack_into("<2H", raw, end + 8, 1, 1)
    with stored(tmp_path, bytes(raw), Limits(max_members=8)) as route:
        with pytest.raises(LimitExceeded, match="--max-members"):
            list(route.arrivals())
    with stored(tmp_path, bytes(raw)) as route:
        assert len(contents(route)) == 9
        assert refusals(route) == [(b"", Reason.DAMAGED)]


def test_limits_hold_across_nested_archives(tmp_path):
    inner = zip_of({b"z": bytes(1000)})
    outer = zip_of({b"in.zip": inner}, zipfile.ZIP_STORED)
    limits = Limits(max_total=len(inner) + 900, max_nesting=2)
    with stored(tmp_path, outer, limits) as route:
        assert contents(route) == [(b"in.zip", inner)]
        with stored(tmp_path, inner, outer=route.budget) as nested:
            (arrival,) = nested.arrivals()
            with pytest.raises(LimitExceeded, match="--max-total"):
                read(arrival)
            with pytest.raises(LimitExceeded, match="--max-nesting"):
                with stored(tmp_path, inner, outer=nested.budget):
                    pass


def test_zip64_is_read(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("a", "w", force_zip64=True) as member:
        member.write(b"data")
    raw = bytearray(out.getvalue())
    end = raw.rfind(b"PK\5\6")
    count, length, start = struct.unpack_from("<H2L", raw, end + 10)
    # Everything that can be moved to the zip64 records is moved there.
    entry = raw[start:end]
    wide = struct.pack("<2H3Q", 1, 24, 4, 4, 0)
    struct.pack_into("<2L", entry, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", entry, 30, len(wide))
    struct.pack_into("<L", entry, 42, 0xFFFFFFFF)
    entry = entry[: 46 + 1] + wide
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(entry), start)
    for prefix in (b"", b"#!/bin/sh\n" + bytes(1000)):
        locator = struct.pack("<4sLQL", b"PK\6\7", 0, start + len(entry), 1)
        last = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, *[0xFFFFFFFF] * 2, 0)
        with stored(tmp_path, prefix + raw[:start] + entry + end64 + locator + last) as route:
            assert contents(route) == [(b"a", b"data")]
            assert refusals(route) == []


@pytest.mark.parametrize("program", [b"MZ" + bytes(70_000), b"\x7fELF" + b"PK\5\6" * 9, b"#!/x\n"])
@pytest.mark.parametrize("comment", [b"", b"made by x"])
def test_self_extracting_archives_are_read(tmp_path, program, comment):
    with stored(tmp_path, program + _zip(("a", b"1"), comment=comment)) as route:
        assert contents(route) == [(b"a", b"1")]


def test_a_comment_that_imitates_an_end_record_does_not_hide_the_members(tmp_path):
    fake = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 99999, 99999, 0)
    with stored(tmp_path, _zip(("a", b"1"), comment=fake + b"...")) as route:
        assert contents(route) == [(b"a", b"1")]


def test_times_are_kept_only_where_they_are_utc(tmp_path):
    dos = zipfile.ZipInfo("dos", (2020, 1, 2, 3, 4, 6))
    unix = zipfile.ZipInfo("unix")
    unix.extra = struct.pack("<2HBl", 0x5455, 5, 1, -5)
    ntfs = zipfile.ZipInfo("ntfs")
    ntfs.extra = struct.pack("<2HL2H3Q", 10, 32, 0, 1, 24, 116_444_736_000_000_015, 0, 0)
    with stored(tmp_path, _zip((dos, b""), (unix, b""), (ntfs, b""))) as route:
        times = [arrival.mtime_ns for arrival in route.arrivals()]
    assert times == [None, -5_000_000_000, 1500]


def test_modes_come_from_unix_archives_only(tmp_path):
    raw = _zip(_special("u", stat.S_IFREG | 0o640, b"1"))
    with stored(tmp_path, raw) as route:
        assert next(route.arrivals()).mode == 0o640
    with stored(tmp_path, _patched(raw, 5, "<B", 0)) as route:
        assert next(route.arrivals()).mode is None


@pytest.mark.parametrize(
    "names",
    [
        ("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
        ("xl/workbook.xml", "_rels/.rels", "[Content_Types].xml"),
        ("mimetype", "META-INF/container.xml"),
        ("META-INF/", "META-INF/MANIFEST.MF", "A.class"),
        ("AndroidManifest.xml", "classes.dex", "resources.arsc"),
    ],
)
def test_documents_and_programs_stay_one_file(tmp_path, names):
    raw = _zip(*((name, b"x" * 50) for name in names))
    with stored(tmp_path, raw) as route:
        assert route is None


def test_an_archive_of_documents_is_an_archive(tmp_path):
    raw = _zip(("a.docx", b"1"), ("sub/mimetype", b"2"), ("sub/[Content_Types].xml", b"3"))
    with stored(tmp_path, raw) as route:
        assert len(contents(route)) == 3


def test_an_archive_without_its_directory_gives_what_its_local_headers_show(tmp_path):
    raw = zip_of({b"a": b"1" * 100, b"b": bytes(range(256)) * 9, b"c": b"3"})
    with stored(tmp_path, raw[: _directory_at(raw)]) as route:
        assert [path for path, _ in contents(route)] == [b"a", b"b", b"c"]
        assert refusals(route) == [(b"", Reason.TRUNCATED)]


def test_every_truncation_ends_well(tmp_path):
    raw = zip_of({b"a": b"1" * 100, b"b": bytes(range(256)), b"c": b"3"})
    for length in range(len(raw)):
        with stored(tmp_path, raw[:length]) as route:
            if route is None:
                continue
            last = None
            for last in route.arrivals():
                if last.kind is EntryKind.FILE:
                    _read_if_possible(last)
            assert last is not None and last.reason == Reason.TRUNCATED


def _read_if_possible(arrival):
    try:
        return read(arrival)
    except DaylightError:
        return None


def test_members_can_be_read_from_many_threads(tmp_path):
    files = {b"%03d" % n: os.urandom(3000) * (n + 1) for n in range(40)}
    with stored(tmp_path, zip_of(files)) as route:
        arrivals = list(route.arrivals())
        wrong = []

        def work(part):
            wrong.extend(a for a in part if read(a, 1000) != files[a.untrusted_path])

        threads = [threading.Thread(target=work, args=(arrivals[n::4],)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


def test_a_read_error_of_the_directory_ends_the_archive_with_a_reason(tmp_path, monkeypatch):
    with stored(tmp_path, zip_of({b"a": b"1"})) as route:

        def broken(fd, buffers, offset):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(os, "preadv", broken)
        assert refusals(route) == [(b"", Reason.READ_ERROR)]


_SEED = zip_of({b"a": b"1" * 200, b"bb": bytes(range(256))}) + b""
_SEEDS = [
    _SEED,
    zip_of({b"a": b"1" * 200, b"b": b"2"}, zipfile.ZIP_BZIP2),
    zip_of({b"a": b"1" * 200, b"b": b"2"}, zipfile.ZIP_LZMA),
    _zip(_special("l", stat.S_IFLNK | 0o777, b"target"), ("f", b"1")),
]


def _survive(data):
    fd = os.memfd_create("seed")
    try:
        os.write(fd, data)
        route = for_stored(fd, len(data), b"", Limits(max_total=1 << 22, max_members=50))
        for arrival in route.arrivals() if route else ():
            if arrival.kind is EntryKind.FILE:
                _read_if_possible(arrival)
    except DaylightError:
        pass
    finally:
        os.close(fd)


@settings(max_examples=300, deadline=5000, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.sampled_from(_SEEDS),
    edits=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8),
    cut=st.none() | st.integers(0, 2000),
)
def test_mutations_raise_nothing_but_our_own_errors(seed, edits, cut):
    data = bytearray(seed)
    for place, value in edits:
        data[place % len(data)] = value
    _survive(bytes(data[:cut]))


@settings(max_examples=150, deadline=5000)
@given(st.binary(max_size=400), st.binary(max_size=80))
def test_random_bytes_raise_nothing_but_our_own_errors(body, tail):
    _survive(b"PK\3\4" + body)
    _survive(b"MZ" + body + b"PK\1\2" + tail + b"PK\5\6" + body[:18].ljust(18, b"\0"))


def test_a_hundred_thousand_members_cost_seconds_at_most(tmp_path):
    count = 100_000
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    central = b"".join(
        struct.pack(
            "<4s6H3L5H2L",
            *(b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
            number * len(local),
        )
        + b"a"
        for number in range(count)
    )
    end = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, count & 0xFFFF, count & 0xFFFF, len(central), 31 * count, 0
    )
    began = time.process_time()
    with stored(tmp_path, local * count + central + end) as route:
        assert sum(1 for _ in route.arrivals()) == count
    assert time.process_time() - began < 20
