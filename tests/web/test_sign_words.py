"""Signs of how a recording was written, as its page says them."""

import re
from dataclasses import replace

import pytest
from django.utils import translation

from daylight.analyses.integrity import Remark
from daylight.domain.observation import Observation
from daylight.services.signs import ItemSigns
from daylight.web.sign_words import sign_words
from tests.test_docs import page

VALUES = {
    "gaps": ("2", "3.0", "9.5"),
    "times-run-back": ("1", "4.0", "7.5"),
    "parameters-change": ("3",),
    "key-frames-off-beat": ("50", "2"),
    "clock-jumps": ("3", "-0:02:03", "20.5"),
    "clock-off-pace": ("2.08",),
    "name-differs": ("mp4", "other"),
}
SIGNS = sorted(
    {
        *VALUES, "several-videos", "software-named", "clock-frozen", "layout-differs", "writer-differs",
        "encoding-differs", "time-base-differs", "rhythm-differs",
    }
)  # fmt: skip


def said(*observations: Observation) -> list:
    return sign_words(ItemSigns("i", None, observations, ()))


def observed(sign: str) -> Observation:
    return Observation(sign, "as the detector says it", "c", "d", VALUES.get(sign, ()))


def test_every_sign_of_the_pages_has_words():
    pages = "".join(page(name) for name in ("detectors.md", "analyses.md"))
    for line in re.findall(r"^The signs: (.*)$", pages, re.MULTILINE):
        assert set(re.findall(r"`([a-z-]+)`", line)) <= {*SIGNS}


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("sign", SIGNS)
def test_each_is_said_in_the_readers_language_with_its_figures(sign, language):
    with translation.override(language):
        [told] = said(observed(sign))
    words = told.text + told.can + told.cannot
    assert "as the detector says it" not in words
    assert bool(re.search("[а-яё]", words)) is (language == "ru")
    for value in VALUES.get(sign, ()):
        assert value in words or value == "other"


def test_a_sign_without_words_or_with_other_figures_is_said_as_it_was():
    for one in (observed("unheard-of"), replace(observed("gaps"), values=("2",))):
        assert said(one)[0].text == "as the detector says it"


def test_remarks_say_what_was_compared():
    remark = Remark(b"i", observed("layout-differs"), 5, 0.8, placed=True)
    told = sign_words(ItemSigns("i", "camera", (), (remark, replace(remark, placed=False))))
    assert "of 6, 80 of 100" in told[0].company
    assert "codec, size and rate" in told[1].company
    assert sign_words(None) == []
