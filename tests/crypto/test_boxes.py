"""Boxes: for their keys alone, and of lengths that tell little."""

from daylight.crypto.boxes import STEP, new_pair, public_of, seal, unseal

GREASE = 500  # bytes: age puts a stanza of random length into every head, to keep readers honest


def test_each_of_the_keys_opens_it_and_no_other():
    (one, public), (two, further), (third, _) = new_pair(), new_pair(), new_pair()
    box = seal(b'{"a": 1}', [public, further])
    assert unseal(box, [one]) == unseal(box, [third, two]) == b'{"a": 1}'
    assert unseal(box, [third]) is None
    assert unseal(box, []) is None
    assert public_of(one) == public


def test_what_was_changed_does_not_open():
    secret, public = new_pair()
    box = seal(b"{}", [public])
    for place in (0, 60, len(box) - 1):
        assert unseal(box[:place] + bytes([box[place] ^ 1]) + box[place + 1 :], [secret]) is None
    for length in (0, 20, len(box) - 1):
        assert unseal(box[:length], [secret]) is None


def test_lengths_tell_little():
    _, public = new_pair()
    sizes = {len(seal(b"x" * length, [public])) for length in (1, 2, 500, STEP)}
    assert max(sizes) - min(sizes) < GREASE
    assert len(seal(b"x" * (STEP + 1), [public])) >= STEP * 2
