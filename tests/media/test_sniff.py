import gzip
import io
import zipfile
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from daylight.domain.media import Kind
from daylight.media.sniff import sniff
from daylight.media.sniffed import Sniffed
from tests.media.films import FORMATS, film, sine

V, A, P, D, R = Kind.VIDEO, Kind.AUDIO, Kind.IMAGE, Kind.DOCUMENT, Kind.OTHER


def look(data: bytes) -> Sniffed:
    return sniff(data[:65536], data[-4096:], len(data), lambda at, n: data[at : at + n])


@pytest.mark.parametrize(("container", "codec", "name"), FORMATS)
def test_films_are_known_by_content(container, codec, name):
    found = look(film(container, codec, frames=12))
    assert (found.kind, found.container, bool(found.demuxer), found.reason) == (V, name, True, "")


@pytest.mark.parametrize(
    ("container", "codec", "name"),
    [
        ("wav", "pcm_s16le", "wav"),
        ("w64", "pcm_s16le", "w64"),
        ("mp3", "libmp3lame", "mp3"),
        ("mp2", "mp2", "mp3"),
        ("adts", "aac", "aac"),
        ("flac", "flac", "flac"),
        ("ogg", "libopus", "ogg"),
        ("caf", "pcm_s16be", "caf"),
        ("aiff", "pcm_s16be", "aiff"),
        ("au", "pcm_s16be", "au"),
    ],
)
def test_sounds_are_known_by_content(container, codec, name):
    found = look(sine(container, codec))
    assert (found.kind, found.container, bool(found.demuxer)) == (A, name, True)


def picture(name: str, **how) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((300, 200), 90).convert("RGB").save(file, name, **how)
    return file.getvalue()


@pytest.mark.parametrize(
    ("made", "name"),
    [
        ("JPEG", "jpeg"),
        ("PNG", "png"),
        ("WEBP", "webp"),
        ("BMP", "bmp"),
        ("TIFF", "tiff"),
        ("GIF", "gif"),
    ],
)
def test_pictures(made, name):
    found = look(picture(made))
    assert (found.kind, found.container) == (P, name)


def test_a_gif_moves_when_it_holds_several_pictures_however_large_the_first():
    frames = [Image.effect_noise((500, 400), 50 + n) for n in range(3)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    assert len(file.getvalue()) > 200_000
    assert look(file.getvalue()).kind == V


def test_a_thumbnail_in_a_photo_makes_no_film_of_it():
    small = picture("JPEG")
    exif = b"\xff\xd8\xff\xe1" + (len(small) % 60000 + 2).to_bytes(2, "big") + small
    assert look(exif + picture("JPEG")[2:]).container == "jpeg"


def test_two_pictures_by_one_camera_are_one_photo():
    both = io.BytesIO()
    one, two = Image.new("RGB", (64, 48)), Image.new("RGB", (64, 48), "red")
    one.save(both, "MPO", save_all=True, append_images=[two])
    assert look(both.getvalue()).kind == P


def office(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, "x" * 200)
    return file.getvalue()


RUSSIAN = "Журнал дежурств; смена 1\nВторая строка; смена 2\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


@pytest.mark.parametrize(
    ("data", "kind", "name"),
    [
        (office("[Content_Types].xml", "word/document.xml"), D, "docx"),
        (office("[Content_Types].xml", "xl/workbook.xml"), D, "xlsx"),
        (office("a.txt"), R, "zip"),
        (office("mimetype"), D, "odf"),
        (OLE + "WordDocument".encode("utf-16-le") + bytes(99), D, "ole"),
        (OLE + "Catalog".encode("utf-16-le") + bytes(99), R, "ole"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(99), D, "pdf"),
        (b"{\\rtf1 hello}", D, "rtf"),
        (b"<!DOCTYPE HTML><p>", D, "html"),
        (b"<?xml version='1.0'?><a/>", D, "xml"),
        (b"plain words\n", D, "text"),
        (RUSSIAN.encode(), D, "text"),
        (RUSSIAN.encode("utf-8-sig"), D, "text"),
        (RUSSIAN.encode("cp1251"), D, "text"),
        (RUSSIAN.encode("koi8-r"), D, "text"),
        (RUSSIAN.encode("cp866"), D, "text"),
        (RUSSIAN.encode("utf-16"), D, "text"),
        (RUSSIAN.encode("utf-16-le"), D, "text"),
        (RUSSIAN.encode("utf-16-be"), D, "text"),
        (b"G" * 70_000, D, "text"),
        (b"MZ is how a letter may begin\n", D, "text"),
        (b"ID3 is how a letter may begin\n", D, "text"),
        (gzip.compress(b"x", mtime=0), R, "gzip"),
        (b"\xfd7zXZ\0" + bytes(20), R, "xz"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(20), R, "7z"),
        (b"Rar!\x1a\x07\x01\0", R, "rar"),
        (b"SQLite format 3\0" + bytes(90), R, "sqlite"),
        (b"\x7fELF" + bytes(90), R, "elf"),
        (b"MZ\x90\0\x03" + bytes(90), R, "pe"),
        (bytes(257) + b"ustar\0" + bytes(300), R, "tar"),
        (bytes(100_000), R, ""),
        (b"\xff" * 100_000, R, ""),
        (b"\x00\x01lost+found " * 5000, R, ""),
        (b"\r\n\r\n%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + bytes(99), D, "pdf"),
        (office("mimetypes.zip"), R, "zip"),
        (bytes(range(256)) * 9, R, ""),
        (b"DHAV\xfd\0\1\0" + bytes(500), V, "dhav"),
        (b"DAHUA" + bytes(2000), V, "dhav"),
    ],
)
def test_the_rest(data, kind, name):
    found = look(data)
    assert (found.kind, found.container) == (kind, name)


def test_nothing_is_empty():
    assert look(b"") == Sniffed(Kind.EMPTY)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",
        "\n\n#EXTM3U\nhttp://127.0.0.1/x.ts",
        "ffconcat version 1.0\nfile '/etc/passwd'\n",
        "[playlist]\nFile1=/etc/passwd\n",
        "[Reference]\nRef1=http://127.0.0.1\n",
        "<ASX version='3.0'></ASX>",
        "<smil><body/></smil>",
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n",
        "<?xml version='1.0'?><!-- c --><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'></MPD>",
        "<?xml version='1.0'?>\n<SmoothStreamingMedia MajorVersion='2'></SmoothStreamingMedia>",
        "<?xml version='1.0'?><x:MPD xmlns:x='urn:mpeg:dash:schema:mpd:2011'/>",
        "<?xml version='1.0'?><!DOCTYPE smil PUBLIC 'x' 'y'><smil><body/></smil>",
        "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a b='urn:mpeg:dash:schema:mpd:2011'/>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_playlists_are_refused(text, encoding):
    found = look(text.encode(encoding))
    assert (found.kind, found.container, found.demuxer) == (R, "playlist", "")
    assert "playlists are refused" in found.reason


@pytest.mark.parametrize("space", [b"\n" * 20_000, b"\xef\xbb\xbf" + b" \r\n" * 15_000])
def test_a_playlist_is_refused_however_far_down_it_begins(space):
    assert look(space + b"#EXTM3U\nfile:///etc/passwd\n").container == "playlist"


@pytest.mark.parametrize("opening", [b"\0\1\2\3" * 99, film("mpegts", "libx264", frames=6)])
def test_a_playlist_is_refused_whatever_follows_it(opening):
    found = look(b"#EXTM3U\nfile:///etc/passwd\n" + opening)
    assert (found.kind, found.container, found.demuxer) == (R, "playlist", "")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"v=0 is where the car stood\n", "text"),
        (b"the line #EXTM3U begins a playlist\n", "text"),
        (b"<!DOCTYPE html><p>urn:mpeg:dash:schema:mpd:2011", "html"),
        (b"<?xml version='1.0'?><playlists-of-ours/>", "xml"),
    ],
)
def test_what_only_speaks_of_playlists_is_no_playlist(text, name):
    assert (look(text).kind, look(text).container) == (D, name)


def stored(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as made:
        for name, data in members:
            made.writestr(name, data)
    return file.getvalue()


@pytest.mark.parametrize(
    ("container", "codec"),
    [("mpegts", "libx264"), ("vob", "mpeg2video"), ("h264", "libx264"), ("hevc", "libx265")],
)
def test_a_document_or_archive_that_holds_a_film_is_no_film(container, codec):
    data = film(container, codec, frames=12)
    slides = (("[Content_Types].xml", b"x"), ("ppt/media/1", data), ("ppt/presentation.xml", b""))
    found = [
        look(stored(("1.bin", data))),
        look(stored(*slides)),
        look(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + data),
        look(b"{\\rtf1 {\\object\0" + data),
        look(OLE + data + "PowerPoint Document".encode("utf-16-le") + bytes(99)),
    ]
    assert [one.container for one in found] == ["zip", "pptx", "pdf", "rtf", "ole"]
    assert {one.demuxer for one in found} == {""}


def test_sound_behind_a_tag_is_what_follows_the_tag():
    tag = b"ID3\x04\0\0\0\0\x02\0" + bytes(256)
    for container, codec, name in (
        ("mp3", "libmp3lame", "mp3"),
        ("adts", "aac", "aac"),
        ("flac", "flac", "flac"),
    ):
        assert look(tag + sine(container, codec)).container == name


@pytest.mark.parametrize("first", [b"free", b"skip", b"wide", b"moof", b"styp", b"mdat"])
def test_films_whose_first_box_is_another(first):
    found = look((16).to_bytes(4, "big") + first + bytes(8) + film("mp4", "libx264", frames=6))
    assert (found.kind, found.container, found.demuxer) == (V, "mp4", "mov")


@pytest.mark.parametrize("brand", [b"heic", b"avif", b"mif1"])
def test_photos_of_telephones(brand):
    found = look((20).to_bytes(4, "big") + b"ftyp" + brand + bytes(4) + b"miaf" + bytes(99))
    assert (found.kind, found.container) == (P, "heif")


def recorder_frames(count: int = 20) -> bytes:
    """Frames of a DVR, each between its two marks, with a real picture inside."""
    inside = film("h264", "libx264", frames=6)
    length = (len(inside) + 32).to_bytes(4, "little")
    frame = b"DHAV\xfd\0\1\0" + bytes(4) + length + bytes(8) + inside + b"dhav" + length
    return frame * count


def test_a_recorders_frames_are_known_where_their_start_is_lost():
    data = recorder_frames()
    assert look(data[100:]).container == "dhav"
    assert look(bytes(range(1, 200)) + data).container == "dhav"
    wiped = look(bytes(512) + data[512:])
    assert (wiped.kind, wiped.container, wiped.reason) == (V, "dhav", "the first bytes are wiped")


def test_a_raw_stream_cut_out_of_its_middle_is_still_a_film():
    data = film("h264", "libx264", frames=9)
    found = look(data[data.index(b"\0\0\1\x41") :])
    assert b"\0\0\1\x67" not in data[data.index(b"\0\0\1\x41") :]
    assert (found.kind, found.container, found.demuxer) == (V, "h264", "h264")


@pytest.mark.parametrize("before", [1, 3000, 60_000])
def test_a_transport_stream_behind_garbage(before):
    found = look(Random(7).randbytes(before) + film("mpegts", "libx264"))
    assert (found.kind, found.container) == (V, "mpegts")


@cache
def large(container: str, codec: str) -> bytes:
    return film(container, codec, size=(320, 240), noise=200)


@pytest.mark.parametrize(
    ("container", "codec", "name"),
    [
        ("mp4", "libx264", "mp4"),
        ("matroska", "libx264", "matroska"),
        ("avi", "mjpeg", "avi"),
        ("mpegts", "mpeg2video", "mpegts"),
        ("vob", "mpeg2video", "mpeg"),
        ("h264", "libx264", "h264"),
        ("hevc", "libx265", "hevc"),
        ("mpeg2video", "mpeg2video", "mpegvideo"),
    ],
)
@pytest.mark.parametrize("wiped", [512, 4096, 100_000])
def test_a_wiped_start_is_seen_through(container, codec, name, wiped):
    data = large(container, codec)
    assert len(data) > 2 * wiped
    found = look(bytes(wiped) + data[wiped:])
    assert (found.kind, found.container, found.reason) == (V, name, "the first bytes are wiped")


@pytest.mark.parametrize(
    ("container", "codec", "name"),
    [("vob", "mpeg2video", "mpeg"), ("mpegts", "libx264", "mpegts"), ("h264", "libx264", "h264")],
)
def test_a_recorders_own_header_is_passed_over(container, codec, name):
    found = look(b"IMKH" + bytes(range(1, 37)) + film(container, codec))
    assert (found.kind, found.container) == (V, name)


@pytest.mark.parametrize("step", [192, 204])
def test_transport_packets_with_stamps_or_codes(step):
    data = film("mpegts", "libx264")
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    pad = bytes(step - 188)
    made = b"".join(pad + p if step == 192 else p + pad for p in packets)
    assert look(made).container == "mpegts"


@pytest.mark.parametrize("fill", [b"\0", b"\xff", b"\xff\xd8\xff\xd9", b"GIF89a", b"\x47\0\0\x10"])
def test_a_disk_full_of_one_thing_is_judged_by_some_megabytes(fill):
    size, reads = 60 << 30, []

    def read_at(at: int, count: int) -> bytes:
        assert 0 <= at < size
        reads.append(count)
        return (fill * (count // len(fill) + 2))[at % len(fill) :][:count]

    start = (b"\0" * 600 if fill == b"\0" else fill) + read_at(0, 65536)
    found = sniff(start[:65536], read_at(size - 4096, 4096), size, read_at)
    assert found.kind in Kind
    assert len(reads) <= 20
    assert sum(reads) <= 16 << 20


MEDIA = Path(__file__).resolve().parents[2] / "../shared/media"
BY_ENDING = {
    ".mp4": "mp4",
    ".mov": "mp4",
    ".3gp": "mp4",
    ".mkv": "matroska",
    ".avi": "avi",
    ".gif": "gif",
    ".jpg": "jpeg",
    ".png": "png",
    ".wav": "wav",
    ".txt": "text",
    ".csv": "text",
    ".tsv": "text",
}


@pytest.mark.skipif(not MEDIA.is_dir(), reason="the shared folder of real media is not here")
def test_real_media_made_by_strangers():
    files = [one for one in MEDIA.rglob("*") if one.is_file() and one.suffix in BY_ENDING]
    wrong = {
        one.name: found.container
        for one in files
        if (found := look(one.read_bytes())).container != BY_ENDING[one.suffix]
    }
    assert len(files) > 30
    assert wrong == {}


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=3000), st.integers(0, 5))
def test_any_bytes_are_something(data, zeros):
    reads = []

    def read_at(at: int, count: int) -> bytes:
        reads.append(count)
        return whole[at : at + count]

    whole = bytes(300 * zeros) + data
    found = sniff(whole[:65536], whole[-4096:], len(whole), read_at)
    assert found.kind in Kind
    assert sum(reads) <= 16 << 20


MARKED = [film(c, k, frames=6) for c, k in (("mp4", "libx264"), ("avi", "mjpeg"), ("gif", "gif"))]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(MARKED), st.integers(0, 4000), st.binary(min_size=1, max_size=8))
def test_changed_bytes_are_something(data, at, new):
    changed = data[: at % len(data)] + new + data[at % len(data) + len(new) :]
    assert look(changed).kind in Kind
    assert look(changed[: at % len(changed)]).kind in Kind
