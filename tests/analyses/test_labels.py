"""Labels: known again through noise, sizes and other grounds; told apart by one character."""

from dataclasses import replace

import numpy as np
import pytest

from daylight.analyses import label_text
from daylight.analyses.clocks import Reader
from daylight.analyses.labels import Labels, likeness
from tests.analyses.clock_films import Look, crops, film

LOOK = Look(label="CAM 01 GATE", height=20)


def label(look, seed=0, **more):
    reading = Reader().read(crops(film(look, 8, seed=seed, **more)))
    assert reading.label is not None
    return reading


def test_one_label_over_another_scene_and_another():
    labels = Labels()
    keys = {labels.key_of(label(LOOK, seed).label) for seed in range(3)}
    assert len(keys) == 1
    assert len(keys.pop()) == 32


def test_half_the_size_and_pressed():
    labels = Labels()
    whole = label(replace(LOOK, size=(960, 540), height=40))
    half = label(replace(LOOK, size=(960, 540), height=40), crf=30, scale=0.5)
    assert labels.key_of(whole.label) == labels.key_of(half.label)


@pytest.mark.parametrize("other", ["CAM 11 GATE", "CAM 07 GATE", "YARD", "CAM 01 GATES"])
def test_one_character_makes_another(other):
    one, two = label(LOOK).label, label(replace(LOOK, label=other), 1).label
    labels = Labels()
    assert labels.key_of(one) != labels.key_of(two)
    assert likeness(one, one) == pytest.approx((1.0, 1.0), abs=1e-3)


def test_nothing_is_like_nothing():
    flat = label(LOOK).label
    blank = replace(flat, values=np.zeros_like(flat.values), digest="0" * 64)
    assert likeness(flat, blank)[1] == -1.0
    labels = Labels()
    assert labels.key_of(blank) != labels.key_of(flat)


def test_without_tesseract_there_is_no_text(monkeypatch):
    monkeypatch.setattr(label_text, "data_folder", lambda: "")
    label_text._engine.cache_clear()
    assert label_text.text_of(label(LOOK).label_line) == ""
    label_text._engine.cache_clear()


class Engine:
    """Stands in for Tesseract: what it says of each picture, and how sure."""

    def __init__(self, said):
        self.said, self.seen = said, []

    def SetImage(self, image):
        self.seen.append(image)

    def MeanTextConf(self):
        return self.said[(len(self.seen) - 1) % len(self.said)][1]

    def GetUTF8Text(self):
        return f"{self.said[(len(self.seen) - 1) % len(self.said)][0]}\n"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ([("YARD 2", 95)], "YARD 2"),
        ([("YARD 2", 60)], ""),  # nobody is sure
        ([("YARD 2", 40)], ""),
        ([(f"YARD {n}", 95) for n in range(8)], ""),  # each reads another
        ([("YARD 2", 95)] * 2 + [(f"YARD {n}", 95) for n in range(3, 9)], ""),
        ([("YARD 2", 90)] * 5 + [("YARD 7", 95)] * 3, "YARD 2"),
        ([("\u0421\u0410\u041c 2", 60), ("CAM 2", 90)], "CAM 2"),  # the same, to look at
        ([("YARD 2!", 90)], "YARD 2"),
        ([(" '|YARD\x00 2.", 90)], "YARD 2"),
        ([("", 95)], ""),
    ],
)
def test_text_is_taken_where_readings_agree_and_one_is_sure(monkeypatch, said, text):
    engine = Engine(said)
    monkeypatch.setattr(label_text, "_engine", lambda languages: engine)
    assert label_text.text_of(label(LOOK).label_line) == text
    for image in engine.seen:
        shades = np.asarray(image)
        assert image.mode == "L"
        assert shades[:10].min() == 255  # a margin
        assert 0.01 < (shades < 128).mean() < 0.4  # strokes alone, black on white
    assert len({image.height for image in engine.seen}) == 4


CAM, GATE = "\u0421\u0410\u041c", "\u0421\u0410\u0422\u0415"  # as Cyrillic letters have them
YARD = "\u0414\u0412\u041e\u0420"  # De is no Latin letter


@pytest.mark.parametrize(
    ("both", "latin", "text"),
    [
        (f"{CAM} 07 {GATE}", "CAM 07 GATE", "CAM 07 GATE"),
        (f"{CAM} 07 {YARD}", "CAM 07 ABOP", f"{CAM} 07 {YARD}"),  # another's letters decide nothing
        (f"{GATE} 07 {YARD}", "GATE 07 ABOP", f"GATE 07 {YARD}"),
        (f"{CAM} 07", "CAM 0 7", ""),  # not the same words
        (YARD, "ABOP", YARD),
        ("GATE", "GATE", "GATE"),
    ],
)
def test_words_that_may_be_latin_are_read_as_such(monkeypatch, both, latin, text):
    engines = {"rus+eng": Engine([(both, 90)]), "eng": Engine([(latin, 90)])}
    monkeypatch.setattr(label_text, "_engine", engines.__getitem__)
    assert label_text.text_of(label(LOOK).label_line) == text
