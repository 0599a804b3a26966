"""One file an aggregate; Django finds its tables through these names."""

from daylight.catalogue.models.approvals import PersonalKey, Request, RequestItem
from daylight.catalogue.models.clocks import ClockReading
from daylight.catalogue.models.custody import (
    Accession,
    Exclusion,
    Holding,
    Item,
    LeakedPath,
    Occurrence,
    Statement,
)
from daylight.catalogue.models.disposal import Hold, Purge, Purged
from daylight.catalogue.models.findings import Finding, Media, Rendition
from daylight.catalogue.models.ledger import Entry, Head, Opening, Subtree, Witness
from daylight.catalogue.models.marks import (
    Comment,
    Confirmation,
    Mark,
    MarkVersion,
    Segment,
    Standing,
    Task,
    Urgent,
)
from daylight.catalogue.models.people import (
    Collection,
    LoginLink,
    Membership,
    RoleGrant,
    User,
    Vault,
)
from daylight.catalogue.models.recordings import Camera, ClockOffset, PlacingRun, Recording
from daylight.catalogue.models.redactions import RedactionPlan, RedactionVersion
from daylight.catalogue.models.relations import (
    Analysed,
    Comparison,
    Contested,
    Known,
    Relation,
)
from daylight.catalogue.models.releases import Release, ReleaseOpening
from daylight.catalogue.models.rights import (
    AccessPolicy,
    Alert,
    LockOut,
    OnionKey,
    SecondFactor,
    Sitting,
)
from daylight.catalogue.models.seals import Authority, Seal
from daylight.catalogue.models.views import (
    HelpText,
    OwnKey,
    OwnPart,
    OwnPending,
    Totals,
    ViewSeal,
)

__all__ = [
    "AccessPolicy",
    "Accession",
    "Alert",
    "Analysed",
    "Authority",
    "Camera",
    "ClockOffset",
    "ClockReading",
    "Collection",
    "Comment",
    "Comparison",
    "Confirmation",
    "Contested",
    "Entry",
    "Exclusion",
    "Finding",
    "Head",
    "HelpText",
    "Hold",
    "Holding",
    "Item",
    "Known",
    "LeakedPath",
    "LockOut",
    "LoginLink",
    "Mark",
    "MarkVersion",
    "Media",
    "Membership",
    "Occurrence",
    "OnionKey",
    "Opening",
    "OwnKey",
    "OwnPart",
    "OwnPending",
    "PersonalKey",
    "PlacingRun",
    "Purge",
    "Purged",
    "Recording",
    "RedactionPlan",
    "RedactionVersion",
    "Relation",
    "Release",
    "ReleaseOpening",
    "Rendition",
    "Request",
    "RequestItem",
    "RoleGrant",
    "Seal",
    "SecondFactor",
    "Segment",
    "Sitting",
    "Standing",
    "Statement",
    "Subtree",
    "Task",
    "Totals",
    "Urgent",
    "User",
    "Vault",
    "ViewSeal",
    "Witness",
]
