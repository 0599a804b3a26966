"""What is known of the detectors' errors: measured, or plainly said not to be.

The figures are those of docs/detectors.md, where it is told how they were taken; a test holds the
two against each other.
"""

from dataclasses import dataclass

DAMAGE_KINDS = (
    "truncated",
    "64 bits flipped",
    "8 bits",
    "12 sectors zeroed",
    "1 sector",
    "start wiped",
    "zero tail",
    "garbage tail",
    "64 KiB cut out",
)
# Recognised of six attempts with other random places each; "seen": always.
DAMAGE_SEEN: dict[str, tuple[str, ...]] = {
    "H.264 in mp4": ("6/6", "6/6", "4/6", "6/6", "6/6", "unreadable", "seen", "6/6", "6/6"),
    "HEVC in mp4": ("6/6", "3/6", "1/6", "6/6", "6/6", "unreadable", "seen", "6/6", "6/6"),
    "H.264 in Matroska": ("6/6", "6/6", "6/6", "6/6", "6/6", "unreadable", "seen", "6/6", "6/6"),
    "HEVC in Matroska": ("6/6", "2/6", "1/6", "6/6", "6/6", "unreadable", "seen", "6/6", "6/6"),
    "MJPEG in AVI": ("6/6", "6/6", "2/6", "6/6", "6/6", "unreadable", "seen", "6/6", "6/6"),
    "MPEG-2 program stream": ("6/6", "5/6", "1/6", "6/6", "6/6", "damaged", "seen", "5/6", "4/6"),
    "raw H.264": ("6/6", "6/6", "3/6", "6/6", "5/6", "damaged", "seen", "0/6", "2/6"),
}
NO_FALSE_ALARM = "No undamaged recording, and none of the real clips kept beside the project, was called damaged."
BLIND = (
    "Changes in pictures between key frames are not seen, nor most changes in HEVC, nor whole "
    "pictures that are missing from raw streams. “ok” means that no sign of damage was found, not "
    "that the file is whole."
)


@dataclass(frozen=True, slots=True)
class Rate:
    """What is known of one detector's errors, in words."""

    detector: str
    version: int
    text: str


_PICTURES = "It makes pictures to look at and asserts nothing that could be true or false."
_TEXTS: dict[tuple[str, int], str] = {
    ("probe", 1): "Recognising damage: measured, in the table below.",
    ("activity", 1): (
        "Measured on invented recordings: of the seconds with motion 90 to 97 % were called active, "
        "of those without 5 to 7 %. What comes and goes between two key frames is not seen."
    ),
    ("filmstrip", 1): f"No error rate was measured. {_PICTURES}",
    ("fingerprint", 2): (
        "It asserts nothing by itself. What follows from it, which recordings show the same, was "
        "measured on invented archives; the figures are in docs/analyses.md."
    ),
    ("lens", 1): (
        "No error rate was measured. It says that a picture is black, without detail or unchanged, "
        "never why."
    ),
    ("shots", 2): (
        "Measured on invented recordings: 35 of 37 cuts were found and none was invented. Fades are "
        "not told, and a jump that hardly shows is missed."
    ),
    ("still", 1): f"No error rate was measured. {_PICTURES}",
    ("salvage", 3): (
        "What cannot be opened was put together anew by a program. Measured on synthetic recordings: "
        "99 to 100 per cent of the pictures whose bytes are there come back unchanged; the figures "
        "are in docs/detectors.md. Their times may be assumed."
    ),
    ("sound", 1): (
        "Speech: measured on five short recordings of three readers and on sounds made for it; the "
        "figures are in docs/detectors.md. Music with the rhythm of speech is taken for speech at "
        "times, whispering and distant voices are missed. Nobody has measured it on recordings of "
        "cells. Level, silence and clipping are arithmetic."
    ),
    ("structure", 2): (
        "No error rate was measured: it reads what is written. What it observes has innocent "
        "explanations, which it names."
    ),
    ("background", 1): (
        "It serves to tell cameras apart. Measured on invented recordings: by it and by how the files "
        "are made, 118 of 122 were put to the right camera. Rooms that look alike are harder."
    ),
    ("waveform", 1): (
        "No error rate was measured. It says how loud the sound is, never what is heard."
    ),
}


def rate_of(detector: str, version: int) -> Rate:
    """Of a detector or version that nobody measured it says just that."""
    text = _TEXTS.get((detector, version), "No error rate was measured.")
    return Rate(detector, version, text)
