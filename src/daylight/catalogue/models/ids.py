"""Public ids: random, so that neither order nor number of rows shows in a link."""

import secrets


def new_public_id() -> str:
    """32 hexadecimal digits, 128 random bits."""
    return secrets.token_hex(16)


def new_agent() -> str:
    """What a ledger entry bears in place of a name: 32 hexadecimal digits."""
    return secrets.token_hex(16)
