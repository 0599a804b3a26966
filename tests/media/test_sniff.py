import gzip
import io
import zipfile

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
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_playlists_are_refused(text, encoding):
    found = look(text.encode(encoding))
    assert (found.kind, found.container, found.demuxer) == (R, "playlist", "")
    assert "playlists are refused" in found.reason


LARGE = {"size": (320, 240), "noise": 200, "frames": 40}


@pytest.mark.parametrize(
    ("container", "codec", "name"),
    [
        ("mp4", "libx264", "mp4"),
        ("matroska", "libx264", "matroska"),
        ("avi", "mjpeg", "avi"),
        ("mpegts", "mpeg2video", "mpegts"),
        ("vob", "mpeg2video", "mpeg"),
        ("h264", "libx264", "h264"),
    ],
)
@pytest.mark.parametrize("wiped", [512, 4096, 100_000])
def test_a_wiped_start_is_seen_through(container, codec, name, wiped):
    data = film(container, codec, **LARGE)
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
    assert sum(reads) < 80 << 20


MARKED = [film(c, k, frames=6) for c, k in (("mp4", "libx264"), ("avi", "mjpeg"), ("gif", "gif"))]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(MARKED), st.integers(0, 4000), st.binary(min_size=1, max_size=8))
def test_changed_bytes_are_something(data, at, new):
    changed = data[: at % len(data)] + new + data[at % len(data) + len(new) :]
    assert look(changed).kind in Kind
    assert look(changed[: at % len(changed)]).kind in Kind
