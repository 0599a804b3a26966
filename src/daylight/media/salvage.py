"""The program ``salvage``: makes an openable file of one that lost its index or its head.

No picture is changed: what there is of the original stays as it is, byte for byte, and what a
reader needs to find its way is put before or after it. An mp4 without its index gets a new one: its
pictures are found in its bytes and described as they say themselves, or as a sibling's are. A wiped head is replaced by one
that leads over it (mp4 with its index) or by a sibling's (Matroska, AVI).

The result is a recipe, not a file: the parent lays it out. Request {container, trial, lender}, files
[original] or [original, sibling]; ``lender``: the sibling's container. Sends one message, ``media.salvaged.to_message``. ``trial``: of an mp4 only the
beginning is looked at, to see whether the sibling fits.
"""

from collections.abc import Sequence
from typing import Final

from daylight.errors import MediaRefused
from daylight.media.fitting import fits
from daylight.media.lent import read_lent
from daylight.media.mp4_rebuild import alone, index_made
from daylight.media.program import Emit, Request
from daylight.media.reading import size_of
from daylight.media.rebuilt import proved
from daylight.media.recipe import LARGEST_PART
from daylight.media.salvaged import MESSAGE, Salvaged, to_message
from daylight.media.transplants import avi_head, matroska_head

PROOF: Final = 12  # pictures that are decoded to see whether the parameters fit
KEYS: Final = 16  # key frames of which one must be whole: the first may be damaged


def salvage(request: Request, files: Sequence[int], emit: Emit) -> None:
    """Raises ``MediaRefused`` where there is no way, or no picture comes of it."""
    made = _made(request, files)
    recipe = made.recipe
    if len(recipe.head) + len(recipe.tail) > LARGEST_PART:
        raise MediaRefused("what would have to be made anew is too large")
    proof = proved(files[0], recipe, made.demuxer, PROOF)
    if not proof.decoded:
        raise MediaRefused("what was put together gives no picture")
    if made.method == "index" and not fits(files[0], recipe, made.demuxer, KEYS):
        raise MediaRefused("the sibling's parameters do not fit its pictures")
    facts, payload = to_message(made, proof)
    emit(MESSAGE, facts, payload)


def _made(request: Request, files: Sequence[int]) -> Salvaged:
    container, size = request["container"], size_of(files[0])
    if len(files) == 1:
        if container != "mp4":
            raise MediaRefused("it needs a sibling")
        return alone(files[0], size)
    lent = size_of(files[1])
    if container == "mp4":
        sibling = read_lent(files[1], lent, str(request["lender"]))
        return index_made(files[0], size, sibling, trial=request["trial"] is True)
    if container == "matroska":
        return matroska_head(files[0], size, files[1], lent)
    if container == "avi":
        return avi_head(files[0], size, files[1], lent)
    raise MediaRefused("nothing is known of salvaging such a container")
