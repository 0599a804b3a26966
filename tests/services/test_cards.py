"""Cards as files, and what an outsider hears who reads one back years later."""

import io
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.db import transaction
from PIL import Image

from daylight.catalogue.models import Head, Subtree
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.principal import Principal
from daylight.errors import CardRefused, Forbidden, HeadRefused, UsageError
from daylight.ledger import card
from daylight.ledger.head import sign
from daylight.services import cards, heads
from daylight.services.record import record

AGENT = "cd" * 16


def act(ws, count=1):
    for number in range(count):
        with transaction.atomic():
            record(ws, AGENT, "tested", details={"n": number})


def compare(ws, *said, **more):
    return cards.compare(ws, custodian_here(), said, **more)


def test_a_card_read_back_names_its_head(any_ws):
    act(any_ws, 5)
    earlier = heads.current()
    act(any_ws, 7)
    for said in (card.words(earlier), [" ".join(card.words(earlier))], [card.to_text(earlier)]):
        for size in (None, 6):
            found = compare(any_ws, *said, size=size)
            assert (found.head, found.holds) == (earlier, True)
    assert compare(any_ws, *card.words(earlier), size=7).head is None
    assert compare(any_ws, *card.words(heads.current())).holds


def test_the_words_of_a_head_that_is_no_more_are_told(ws):
    act(ws, 5)
    earlier = heads.current()
    act(ws)
    other = sign(ws.keyring.signer, ws.layout.vault_id, 6, bytes(32), earlier.head.at)
    Head.objects.filter(size=6).update(body=other.body(), signature=other.signature)
    found = compare(ws, *card.words(earlier))
    assert (found.head, found.holds) == (None, False)
    # The code holds the head itself: it is still what the ledger grew from, whatever the row says.
    assert compare(ws, card.to_text(earlier)).holds
    assert not compare(ws, card.to_text(other)).holds
    assert not compare(ws, *card.words(other)).holds


@pytest.mark.parametrize("spoil", ["changed", "gone"])
def test_a_ledger_that_did_not_grow_from_it_is_told(ws, spoil):
    act(ws, 5)
    earlier = heads.current()
    act(ws, 3)
    rows = Subtree.objects.all()
    rows.update(hash=bytes(32)) if spoil == "changed" else rows.delete()
    found = compare(ws, *card.words(earlier))
    assert (found.head, found.holds) == (earlier, False)


def test_a_misread_card_is_refused(ws):
    phrase = list(card.words(heads.current()))
    phrase[3], phrase[4] = phrase[4], phrase[3]
    with pytest.raises(CardRefused):
        compare(ws, *phrase)
    foreign = sign(ws.keyring.signer, "ef" * 16, 1, bytes(32), "2026-11-12T14:07Z")
    with pytest.raises(HeadRefused, match="another vault"):
        compare(ws, card.to_text(foreign))
    with pytest.raises(Forbidden):
        cards.compare(ws, Principal("a" * 32, frozenset(), None), ["acid"])


@pytest.mark.parametrize("name", ["card.txt", "card.SVG", "card.png"])
def test_a_cards_file_is_a_head_that_others_kept(ws, tmp_path, name):
    head, path = heads.current(), tmp_path / name
    path.write_bytes(cards.to_file(head, path))
    assert heads.from_file(path) == head
    data = bytearray(path.read_bytes())
    place = data.index(b"DAYLIGHT-HEAD") + 60
    data[place] = ord("A") if data[place] != ord("A") else ord("B")
    path.write_bytes(data)
    with pytest.raises(CardRefused):
        heads.from_file(path)


def test_pictures_are_pictures(ws):
    head = heads.current()
    svg = ET.fromstring(cards.to_file(head, Path("a.svg")))  # well-formed
    shown = " ".join(one.text for one in svg.iter("{http://www.w3.org/2000/svg}text"))
    assert all(word in shown for word in card.words(head))
    page = Image.open(io.BytesIO(cards.to_file(head, Path("a.png"))))
    page.load()
    assert (page.format, page.mode) == ("PNG", "L")
    assert page.getextrema() == (0, 255)


@pytest.mark.parametrize("name", ["card", "card.pdf", "card.svg.gz"])
def test_another_form_is_refused(ws, name):
    with pytest.raises(UsageError, match="txt"):
        cards.to_file(heads.current(), Path(name))


def test_the_code_has_its_corners_and_its_quiet_zone(ws):
    rows = cards.matrix(heads.current())
    side = len(rows)
    assert side <= 65, "it must fit a terminal of 80 columns"
    assert all(len(row) == side for row in rows)
    assert not any(map(any, rows[:4]))
    assert not any(any(row[:4]) for row in rows)
    for top, left in ((4, 4), (4, side - 11), (side - 11, 4)):
        assert rows[top][left : left + 7] == bytes([1] * 7)
        assert rows[top + 1][left : left + 7] == bytes([1, 0, 0, 0, 0, 0, 1])
    lines = cards.code_lines(heads.current())
    assert len(lines) == (side + 1) // 2
    drawn = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    upper = [bytes(drawn[one][0] for one in line) for line in lines]
    assert upper == rows[::2]


@pytest.mark.skipif(not shutil.which("zbarimg"), reason="no reader of QR codes is here")
def test_a_reader_of_codes_reads_it(ws, tmp_path):
    import subprocess

    path = tmp_path / "card.png"
    path.write_bytes(cards.to_file(heads.current(), path))
    done = subprocess.run(["zbarimg", "-q", "--raw", path], capture_output=True, check=True)
    assert card.find_text(done.stdout) == heads.current()
