"""The package's contents as PREMIS 3.0 XML: files, what was done to them, and by whom.

Source: PREMIS Data Dictionary 3.0 and its schema (Library of Congress, 2016). Identifiers are the
SHA-256 of a file, the index of an entry in its ledger, the random id of an agent. Nothing in it
says more than the report does.
"""

from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree as ET

from daylight.exports.court import words
from daylight.exports.court.records import Court, CourtItem, OpenedEntry, Written, WrittenItem

NAMESPACE: Final = "http://www.loc.gov/premis/v3"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_TYPES: Final = {  # https://id.loc.gov/vocabulary/preservation/eventType
    "received": "ingestion",
    "examined": "metadata extraction",
    "analysed": "metadata extraction",
    "originals-exported": "dissemination",
}
_HASHES: Final = {"sha256": "SHA-256", "md5": "MD5", "sha1": "SHA-1"}
_COPY_FORMAT: Final = "MPEG transport stream"

ET.register_namespace("premis", NAMESPACE)
ET.register_namespace("xsi", _XSI)


def premis(court: Court, written: Written) -> bytes:
    """UTF-8, valid against premis.xsd 3.0."""
    top = ET.Element(_name("premis"), {"version": "3.0"})
    for item in court.items:
        lies = written.items[item.number]
        _original(top, court, item, lies)
        if lies.copy:
            _copy(top, lies)
    for entry in court.entries:
        _event(top, court, entry)
    for agent in sorted({one.agent for one in court.entries}):
        _agent(top, court, agent)
    ET.indent(top, " ")
    text: bytes = ET.tostring(top, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _name(tag: str) -> str:
    return f"{{{NAMESPACE}}}{tag}"


def _add(parent: ET.Element, tag: str, text: str | None = None) -> ET.Element:
    one = ET.SubElement(parent, _name(tag))
    if text is not None:
        one.text = words.plain(text, 2000)
    return one


def _identified(parent: ET.Element, what: str, kind: str, value: str) -> ET.Element:
    one = _add(parent, what)
    _add(one, f"{what}Type", kind)
    _add(one, f"{what}Value", value)
    return one


def _file(top: ET.Element, name: str, hashes: Iterable[tuple[str, str]], size: int) -> ET.Element:
    """An object of category file, up to its size; what follows depends on the file."""
    one = ET.SubElement(top, _name("object"), {f"{{{_XSI}}}type": "premis:file"})
    hashes = list(hashes)
    _identified(one, "objectIdentifier", "SHA-256", dict(hashes)["sha256"])
    _identified(one, "objectIdentifier", "file in this package", name)
    traits = _add(one, "objectCharacteristics")
    _add(traits, "compositionLevel", "0")
    for short, value in hashes:
        fixity = _add(traits, "fixity")
        _add(fixity, "messageDigestAlgorithm", _HASHES[short])
        _add(fixity, "messageDigest", value)
    _add(traits, "size", str(size))
    return one


def _format(one: ET.Element, name: str, note: str = "") -> None:
    traits = one.find(_name("objectCharacteristics"))
    if traits is None:
        raise AssertionError("a file has characteristics")
    described = _add(traits, "format")
    _add(_add(described, "formatDesignation"), "formatName", name)
    if note:
        _add(described, "formatNote", note)


def _original(top: ET.Element, court: Court, item: CourtItem, lies: WrittenItem) -> None:
    one = _file(top, lies.original, lies.hashes.items(), item.size)
    facts = item.facts
    known = "unknown" if facts is None else facts.container or facts.kind.value
    state = "" if facts is None else f"{facts.state.value} {facts.reason}".strip()
    _format(one, known, f"state as examined: {state}" if state else "not examined")
    if facts is not None and facts.encoder:
        traits = one.find(_name("objectCharacteristics"))
        if traits is not None:
            _add(_add(traits, "creatingApplication"), "creatingApplicationName", facts.encoder)
    paths = [met.untrusted_path for met in item.met if met.untrusted_path is not None]
    if court.with_paths and paths:
        _add(one, "originalName", paths[0].decode("utf-8", "surrogateescape"))
    if lies.copy:
        _related(one, "is source of", lies.copy_sha256)
    for index in item.entries:
        _identified(one, "linkingEventIdentifier", f"entry of ledger {court.vault}", str(index))


def _copy(top: ET.Element, lies: WrittenItem) -> None:
    one = _file(top, lies.copy, [("sha256", lies.copy_sha256)], lies.copy_bytes)
    _format(one, _COPY_FORMAT, "working copy for playing; not the evidence")
    _related(one, "has source", lies.hashes["sha256"])


def _related(one: ET.Element, how: str, digest: str) -> None:
    relation = _add(one, "relationship")
    _add(relation, "relationshipType", "derivation")
    _add(relation, "relationshipSubType", how)
    _identified(relation, "relatedObjectIdentifier", "SHA-256", digest)


def _event(top: ET.Element, court: Court, entry: OpenedEntry) -> None:
    one = _add(top, "event")
    _identified(one, "eventIdentifier", f"entry of ledger {court.vault}", str(entry.index))
    _add(one, "eventType", _TYPES.get(entry.action, entry.action))
    _add(one, "eventDateTime", entry.at)
    detail = entry.withheld if entry.details is None else entry.details.decode()
    _add(_add(one, "eventDetailInformation"), "eventDetail", f"{words.act(entry.action)}. {detail}")
    _identified(one, "linkingAgentIdentifier", "agent in the ledger", entry.agent)
    for opening in entry.openings:
        digest = court.items[opening.item - 1].digest.hex()
        _identified(one, "linkingObjectIdentifier", "SHA-256", digest)


def _agent(top: ET.Element, court: Court, agent: str) -> None:
    one = _add(top, "agent")
    _identified(one, "agentIdentifier", "agent in the ledger", agent)
    label = court.agents.get(agent, "a user")
    _add(one, "agentName", label)
    _add(one, "agentType", "software" if label.startswith("Daylight") else "person")
