"""package.json: what verify.py checks. docs/format.md is the normative text."""

import json
from typing import Any

from daylight.exports.court.records import (
    Court,
    HeldHead,
    OpenedEntry,
    ReleaseLink,
    Written,
)


def contents(court: Court, written: Written) -> bytes:
    """One JSON document, ASCII, the same bytes for the same records."""
    document = {
        "schema": "court-package/1",
        "made": court.made,
        "program": f"daylight {court.version}",
        "vault": court.vault,
        "head": court.head.document(),
        "heads": [_held(one) for one in court.heads],
        "entries": [_entry(one) for one in court.entries],
        "items": [_item(court, written, one.number) for one in court.items],
        "releases": [_release(one) for one in court.releases],
        "selection": {
            "text": court.selection.text,
            "items_in_vault": court.selection.items_in_vault,
            "left_out": court.selection.left_out,
        },
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def seal_files(one: HeldHead, number: int) -> tuple[str, str]:
    """Where a seal's token and its certificates lie; ``number``: its place among the head's."""
    stem = f"seals/{one.head.head.size}-{number}"
    return f"{stem}.tsr", f"{stem}.pem"


def _hex(many: tuple[bytes, ...]) -> list[str]:
    return [one.hex() for one in many]


def _held(one: HeldHead) -> dict[str, Any]:
    seals = []
    for number, seal in enumerate(one.seals, 1):
        token, certificates = seal_files(one, number)
        seals.append({"authority": seal.authority, "token": token, "certificates": certificates})
    return {
        "head": one.head.document(),
        "consistency": _hex(one.consistency),
        "witnesses": [
            {"name": w.name, "key": w.key, "signature": w.signature} for w in one.witnesses
        ],
        "seals": seals,
    }


def _entry(one: OpenedEntry) -> dict[str, Any]:
    details = None
    if one.details is not None and one.salt is not None:
        details = {"salt": one.salt.hex(), "body": one.details.decode()}
    return {
        "leaf": one.leaf.decode(),
        "path": _hex(one.path),
        "details": details,
        "withheld": one.withheld,
        "objects": [
            {
                "item": opened.item,
                "position": opened.position,
                "salt": opened.salt.hex(),
                "path": _hex(opened.path),
            }
            for opened in one.openings
        ],
    }


def _item(court: Court, written: Written, number: int) -> dict[str, Any]:
    item, lies = court.items[number - 1], written.items[number]
    return {
        "number": number,
        "sha256": item.digest.hex(),
        "size": str(item.size),
        "md5": lies.hashes.get("md5"),
        "sha1": lies.hashes.get("sha1"),
        "original": lies.original,
        "working_copy": lies.copy or None,
        "entries": list(item.entries),
    }


def _release(one: ReleaseLink) -> dict[str, Any]:
    return {
        "item": one.item,
        "entry": one.entry,
        "root": one.root.hex(),
        "count": one.count,
        "position": one.position,
        "commitment": one.commitment.hex(),
        "salt": one.salt.hex(),
        "path": _hex(one.path),
    }
