import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.folders import camera_and_facility, camera_folder, split

PATHS = [
    ("ИК-00/КАМ_01_КОРИДОР/2021-03-10/071242.mp4", ("КАМ 01 КОРИДОР", "ИК-00")),
    ("SITE-9\\CH_08\\20210305\\14\\a.MP4", ("CH 08", "SITE-9")),
    ("gate/2021/03/05/07.mkv", ("gate", "")),
    ("disk 2/site/cam 3/a.avi", ("cam 3", "site")),
    ("USB_резервная копия/0002.mp4", None),
    ("RECOVERED/lost.dir/FILE0001", None),
    ("2021-03-05/07/a.mp4", None),
    ("a.mp4", None),
    ("", None),
]


@pytest.mark.parametrize(("path", "told"), PATHS)
def test_a_cameras_folder_is_told_from_those_of_days_and_heaps(path, told):
    assert camera_and_facility(path.encode()) == told


@given(st.binary(max_size=300))
def test_no_name_breaks_it(path):
    assert len(camera_folder(split(path)[:-1])) <= 2
    camera_and_facility(path)
