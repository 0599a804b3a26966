"""Every error Daylight raises on purpose, in one tree.

Each class carries a stable ``name`` (for scripts), an ``exit_code`` (for the shell) and a line of
``advice`` (what to do); the sentence itself (what and why) is given where it is raised. ::

    DaylightError                 1  internal
    ├── UsageError                2  usage
    │   ├── DestinationExists     2  destination-exists
    │   ├── Forbidden             2  forbidden
    │   ├── ApprovalRefused       2  approval-refused
    │   ├── ItemHeld              2  item-held
    │   ├── MarkChanged           2  mark-changed
    │   ├── MarkRefused           2  mark-refused
    │   ├── PlanUndecided         2  plan-undecided
    │   ├── PurgeRefused          2  purge-refused
    │   └── TaskRefused           2  task-refused
    ├── InputRefused              3  input-refused
    │   ├── SourceUnreadable      3  source-unreadable
    │   ├── LimitExceeded         3  limit-exceeded
    │   ├── SourceWritable        3  source-writable
    │   ├── BagOutside            3  bag-outside
    │   ├── MediaRefused          3  media-refused
    │   ├── PlanRefused           3  plan-refused
    │   ├── RedactionFailed       3  redaction-failed
    │   │   └── FaceSeen          3  face-seen
    │   ├── BackupRefused         3  backup-refused
    │   ├── SharesRefused         3  shares-refused
    │   ├── InferenceFailed       3  inference-failed
    │   ├── ModelRefused          3  model-refused
    │   ├── SealRefused           3  seal-refused
    │   ├── HeadRefused           3  head-refused
    │   │   └── CardRefused       3  card-refused
    │   └── WitnessRefused        3  witness-refused
    ├── VaultError                4  vault
    │   ├── VaultMissing          4  vault-missing
    │   ├── VaultExists           4  vault-exists
    │   ├── DatabaseUnusable      4  database-unusable
    │   ├── VaultPlainDisk        4  vault-plain-disk
    │   ├── VaultFull             4  vault-full
    │   ├── VaultBusy             4  vault-busy
    │   ├── VaultVersion          4  vault-version
    │   ├── ClockWrong            4  clock-wrong
    │   ├── KeyLocked             4  key-locked
    │   ├── KeyWrong              4  key-wrong
    │   ├── KeyMissing            4  key-missing
    │   ├── KeyDamaged            4  key-damaged
    │   ├── ReplicaMissing        4  replica-missing
    │   ├── ReplicaForeign        4  replica-foreign
    │   ├── ReplicaDamaged        4  replica-damaged
    │   ├── ReplicaVersion        4  replica-version
    │   ├── ReplicaFull           4  replica-full
    │   ├── StoreCorrupt          4  store-corrupt
    │   ├── ViewsUnwritten        4  views-unwritten
    │   └── WorkerKilled          4  worker-killed
    └── HelpMissing               5  help-missing
        ├── DestinationFailed     5  destination-failed
        │   └── DestinationFull   5  destination-full
        ├── AuthorityUnreachable  5  authority-unreachable
        ├── ModelMissing          5  model-missing
        ├── ReplicaUnreachable    5  replica-unreachable
        ├── SandboxMissing        5  sandbox-missing
        └── ToolMissing           5  tool-missing

Exit code 0 is "done", 1 "done, but the evidence has a fault", 130 "interrupted"; the last two are
no exceptions but outcomes, and live with the CLI.
"""

from typing import ClassVar


class DaylightError(Exception):
    """Root of the tree. ``str(error)`` is one sentence: what and why."""

    name: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 1
    advice: ClassVar[str] = "Run the command again with --debug and report what it prints."


class UsageError(DaylightError):
    name = "usage"
    exit_code = 2
    advice = "See the command's --help."


class Forbidden(UsageError):
    name = "forbidden"
    advice = "Ask an administrator of this vault for the role that allows it."


class DestinationExists(UsageError):
    name = "destination-exists"
    advice = "Name a place where nothing is yet; nothing that exists is written over."


class ApprovalRefused(UsageError):
    name = "approval-refused"
    advice = (
        "Two different users sign it, each with a personal key (`daylight user key`) and a role "
        "that may approve; `daylight requests` lists what is open."
    )


class ItemHeld(UsageError):
    name = "item-held"
    advice = "Nobody can purge it before two people have lifted the hold: `daylight hold --lift`."


class MarkChanged(UsageError):
    name = "mark-changed"
    advice = "Read what the other person wrote, join the two, and send it again; both are kept."


class MarkRefused(UsageError):
    name = "mark-refused"
    advice = "See docs/marks.md for who may confirm, change and withdraw."


class PlanUndecided(UsageError):
    name = "plan-undecided"
    advice = "Decide on it in the plan, one by one or by `everyone`; a draft without --release covers it."


class PurgeRefused(UsageError):
    name = "purge-refused"
    advice = "Nothing was removed; name what else holds these bytes too, or leave both."


class TaskRefused(UsageError):
    name = "task-refused"
    advice = "Read what others wrote of it instead, or say why a further person must see it."


class InputRefused(DaylightError):
    name = "input-refused"
    exit_code = 3
    advice = "Nothing of it was kept; correct the input and run the command again."


class SourceUnreadable(InputRefused):
    name = "source-unreadable"
    advice = "Check the medium and its permissions; then run the import again, it goes on."


class LimitExceeded(InputRefused):
    name = "limit-exceeded"
    advice = "If the material is known to be harmless, raise the limit with the option it names."


class SourceWritable(InputRefused):
    name = "source-writable"
    advice = "Use a write blocker or mount it read-only; --allow-writable-source if you must."


class BagOutside(InputRefused):
    name = "bag-outside"
    advice = "Nothing was kept, and no other tool should unpack it; import the folder around it to keep it as mere files."


class MediaRefused(InputRefused):
    name = "media-refused"
    advice = "The original is kept; it cannot be shown."


class PlanRefused(InputRefused):
    name = "plan-refused"
    advice = "Nothing was rendered; docs/redaction.md says how a plan is written."


class RedactionFailed(InputRefused):
    name = "redaction-failed"
    advice = "Nothing was left there; the original is unchanged. Report it if the file is sound."


class FaceSeen(RedactionFailed):
    name = "face-seen"
    advice = "Nothing was left there. Cover it (redact --seen takes a draft's report), or say in the plan that it stays or is none."


class InferenceFailed(InputRefused):
    name = "inference-failed"
    advice = "That item has no such finding; the others go on."


class ModelRefused(InputRefused):
    name = "model-refused"
    advice = "Nothing was installed; get the file again, by the version that docs/models.md names."


class SealRefused(InputRefused):
    """``check`` is the stable name of what did not hold: docs/seal.md lists them."""

    name = "seal-refused"
    advice = "It was not kept, and the seal stays wanted; docs/seal.md says what each check means."

    def __init__(self, check: str, why: str) -> None:
        super().__init__(f"a seal does not hold ({check}): {why}")
        self.check = check


class HeadRefused(InputRefused):
    name = "head-refused"
    advice = "Get the file again from whoever keeps it; a head is a small JSON file."


class CardRefused(HeadRefused):
    name = "card-refused"
    advice = "Read the words again from the paper, in their order; four letters of each do."


class WitnessRefused(InputRefused):
    name = "witness-refused"
    advice = "Ask the partner to sign the head's file again, as docs/witness.md says."


class BackupRefused(InputRefused):
    name = "backup-refused"
    advice = "Give the identity or passphrase it was made for, or take another copy of the backup."


class SharesRefused(InputRefused):
    name = "shares-refused"
    advice = "Check the words against the cards; shares of one set of cards belong together."


class VaultError(DaylightError):
    name = "vault"
    exit_code = 4
    advice = "Nothing was changed; look at the vault's disk before going on."


class VaultMissing(VaultError):
    name = "vault-missing"
    advice = "Name a vault with --vault or DAYLIGHT_VAULT; `daylight init DIR` makes one."


class VaultExists(VaultError):
    name = "vault-exists"
    advice = "Choose an empty folder, or use the vault that is there."


class DatabaseUnusable(VaultError):
    name = "database-unusable"
    advice = "Name an empty PostgreSQL database that is there, by --database."


class VaultPlainDisk(VaultError):
    name = "vault-plain-disk"
    advice = "Put the vault on an encrypted volume (LUKS); --plain-disk if you accept the danger."


class VaultFull(VaultError):
    name = "vault-full"
    advice = "Make room on the vault's disk and run the command again; it goes on where it was."


class VaultBusy(VaultError):
    name = "vault-busy"
    advice = "Another Daylight process is writing; wait for it and run the command again."


class VaultVersion(VaultError):
    name = "vault-version"
    advice = "Use the Daylight version that made this vault, or a newer one."


class ClockWrong(VaultError):
    name = "clock-wrong"
    advice = "Set the machine's clock: custody entries carry its time."


class KeyLocked(VaultError):
    name = "key-locked"
    advice = "Give the passphrase: when asked, by --passphrase-file, or in DAYLIGHT_PASSPHRASE."


class KeyWrong(VaultError):
    name = "key-wrong"
    advice = "Nothing was written; try the passphrase again, with the right keyboard layout."


class KeyMissing(VaultError):
    name = "key-missing"
    advice = (
        "Bring vault.keys back from a backup, or `daylight ledger new-key` to go on without it."
    )


class KeyDamaged(VaultError):
    name = "key-damaged"
    advice = (
        "Bring vault.keys back from a backup, or `daylight ledger new-key` to go on without it."
    )


class ReplicaMissing(VaultError):
    name = "replica-missing"
    advice = "Check the place named, and that the disk is mounted; `daylight replicate` makes one."


class ReplicaForeign(VaultError):
    name = "replica-foreign"
    advice = (
        "It is of another vault or for other keys; nothing there was changed. Name another place."
    )


class ReplicaDamaged(VaultError):
    name = "replica-damaged"
    advice = (
        "Run `daylight replicate DEST --check all` on the vault: it sends again what is broken."
    )


class ReplicaVersion(VaultError):
    name = "replica-version"
    advice = "Use the Daylight version that wrote it, or a newer one."


class ReplicaFull(VaultError):
    name = "replica-full"
    advice = "Make room there and run the command again; it goes on where it was."


class StoreCorrupt(VaultError):
    name = "store-corrupt"
    advice = "Stop using this disk; check it and restore the object from a replica."


class WorkerKilled(VaultError):
    name = "worker-killed"
    advice = (
        "Run the command again, it goes on where it was; if it recurs, see whether memory runs out."
    )


class ViewsUnwritten(VaultError):
    name = "views-unwritten"
    advice = "Make room on the vault's disk; nothing is shown meanwhile, and it goes on by itself."


class HelpMissing(DaylightError):
    name = "help-missing"
    exit_code = 5
    advice = "Install what is missing and run the command again."


class DestinationFailed(HelpMissing):
    name = "destination-failed"
    advice = "Nothing was left there; check the place and its permissions, or name another."


class DestinationFull(DestinationFailed):
    name = "destination-full"
    advice = "Nothing was left there; make room, or name another disk."


class AuthorityUnreachable(HelpMissing):
    name = "authority-unreachable"
    advice = (
        "The seal stays wanted; run `daylight work` or `daylight seal` when there is a network."
    )


class ModelMissing(HelpMissing):
    name = "model-missing"
    advice = (
        "`daylight models install NAME` fetches it; without a network, `--from FILE` brings it in."
    )


class ReplicaUnreachable(HelpMissing):
    name = "replica-unreachable"
    advice = "Check that the disk is mounted and writable, or the network and the S3 credentials; run it again."


class SandboxMissing(HelpMissing):
    name = "sandbox-missing"
    advice = "Use Linux 5.13 or newer with Landlock and seccomp (Debian 12 has both)."


class ToolMissing(HelpMissing):
    name = "tool-missing"
