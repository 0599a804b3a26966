from hypothesis import given
from hypothesis import strategies as st

from daylight.analyses.path_clues import (
    camera_folders,
    channel_of,
    pieces,
    telling_tokens,
    tokens_of,
)


def test_one_spelling_for_all():
    composed, apart = "Й/Кам/a.mp4", "Й/кам/a.mp4"
    assert pieces(composed.encode()) == pieces(apart.encode())


def test_tokens_are_letters_with_a_number():
    assert tokens_of(pieces(b"x/071242_cam03_012.mp4")) == {"cam03"}
    assert tokens_of(pieces("copy of КАМ 7.avi".encode())) == {"кам7"}
    assert tokens_of(pieces(b"20210304_112233.mp4")) == frozenset()
    assert tokens_of(()) == frozenset()


def test_a_folder_of_several_channels_is_no_camera_by_itself():
    paths = {
        n: [pieces(f"site/dvr/2021-03-04/ch{n % 2 + 1:02}_{n}.mp4".encode())] for n in range(4)
    }
    paths[4] = [pieces(b"site/dvr/2021-03-04/unnamed.mp4")]
    found = camera_folders(paths)
    assert found[0] == found[2] != found[1] == found[3]
    assert 4 not in found


def test_a_folder_of_one_channel_needs_no_channel():
    paths = {0: [pieces(b"site/yard/cam03_1.mp4")], 1: [pieces(b"site/yard/EXPORT_1.mp4")]}
    found = camera_folders(paths)
    assert found[0] == found[1] == ("site", "yard")


def test_of_several_names_the_one_that_tells():
    paths = {0: [pieces(b"usb backup/copy.mp4"), pieces(b"site/yard/a.mp4")]}
    assert camera_folders(paths)[0] == ("site", "yard")


def test_a_token_of_several_cameras_tells_nothing():
    tokens = {n: frozenset({"rec01", f"cam{n % 2}"}) for n in range(6)}
    told = telling_tokens(tokens, {n: n % 2 for n in range(6)})
    assert told == {"cam0": 0, "cam1": 1}


@given(st.binary(max_size=200))
def test_any_name_is_taken(path):
    parts = pieces(path)
    tokens_of(parts)
    channel_of(parts)
