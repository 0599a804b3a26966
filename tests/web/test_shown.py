"""How values are shown."""

import re

from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from daylight.web.templatetags import shown


def test_sizes():
    sizes = [0, 999, 1000, 1_449_000, 99_950_000, 40 * 10**9, 10**18]
    assert [shown.size(n) for n in sizes] == [
        "0 B", "999 B", "1.0 kB", "1.4 MB", "100 MB", "40.0 GB", "1000 PB",
    ]  # fmt: skip


@given(st.integers(0, 10**19))
def test_sizes_are_near_the_truth(count):
    number, unit = shown.size(count).split()
    scale = 1000 ** ["B", "kB", "MB", "GB", "TB", "PB"].index(unit)
    assert abs(float(number) * scale - count) <= max(0.051 * count, 0.5)


def test_lengths():
    values = [None, 0, 59_900_000, 60_000_000, 3_723_000_000]
    assert [shown.length(us) for us in values] == ["", "0.0 s", "59.9 s", "1:00", "1:02:03"]


def test_numbers_are_written_as_the_reader_writes_them():
    with translation.override("ru"):
        assert shown.size(1_449_000) == "1,4 МБ"
        assert shown.length(59_900_000) == "59,9 с"
        assert shown.rate(12.5) == "12,5"
        assert shown.hours(5400) == "1,5 ч"


def test_grouping_and_times():
    assert shown.grouped(2811553) == "2\u202f811\u202f553"
    assert shown.file_time(0) == "1970-01-01 00:00 UTC"
    assert shown.file_time(2**63 - 1).endswith("UTC")
    assert shown.file_time(10**30) == "unknown"
    assert shown.file_time(None) == "unknown"


@given(st.binary(max_size=60))
def test_names_of_any_bytes_are_shown_without_markup_or_hidden_characters(raw):
    text = str(shown.visible_bytes(raw))
    inner = re.sub(
        r'<span class="odd">[^<>]+</span>', "", text.removeprefix("<bdi>").removesuffix("</bdi>")
    )
    assert "<" not in inner
    assert ">" not in inner
    assert inner.isprintable()
    text.encode()  # no lone surrogates are left


def test_words_of_other_languages():
    with translation.override("ru"):
        assert shown.kind_name("video") == "видео"
        assert shown.kind_name("") == "не исследовано"
        assert shown.kind_name("empty") == "пустой"
