"""What kind of volume a folder lies on: encrypted or not, read-only or not, removable or not.

Read from /proc/self/mountinfo and /sys/dev/block (proc(5), Documentation/ABI/stable/sysfs-block).
``unknown`` counts as no: a vault must know that it is encrypted.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

# Filesystems that encrypt by themselves.
ENCRYPTING = frozenset({"ecryptfs", "fuse.gocryptfs", "fuse.cryfs", "fuse.encfs", "fuse.securefs"})
# What the kernel's device mapper calls volumes that cryptsetup encrypts; its VERITY, INTEGRITY and
# SUBDEV only check.
_CRYPT = re.compile(r"CRYPT-(LUKS\d|PLAIN|LOOPAES|TCRYPT|BITLK|FVAULT2)-")
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    device: str  # "major:minor"
    point: str
    filesystem: str
    source: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class Volume:
    encrypted: bool
    removable: bool
    read_only: bool
    filesystem: str


def parse_mountinfo(text: str) -> list[Mount]:
    mounts = []
    for line in text.split("\n"):  # a mount point may hold what else Python takes for a line's end
        left, _, right = line.partition(" - ")
        fields, tail = left.split(" "), right.split(" ")
        if len(fields) < 6 or len(tail) < 2:
            continue
        options = {*fields[5].split(","), *(tail[2].split(",") if len(tail) > 2 else ())}
        mounts.append(
            Mount(fields[2], _plain(fields[4]), tail[0], _plain(tail[1]), "ro" in options)
        )
    return mounts


def inspect(path: Path, proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> Volume:
    """The volume under ``path``, which must exist."""
    text = os.fsdecode((proc / "self/mountinfo").read_bytes())
    mount = _mount_of(path, parse_mountinfo(text))
    if mount is None:
        return Volume(encrypted=False, removable=False, read_only=False, filesystem="unknown")
    block = _block_device(mount, sys)
    return Volume(
        encrypted=mount.filesystem in ENCRYPTING or (block is not None and _is_crypt(block, sys)),
        removable=block is not None and any(map(_is_removable, _with_slaves(block, sys))),
        read_only=mount.read_only,
        filesystem=mount.filesystem,
    )


def _plain(field: str) -> str:
    """In mountinfo the kernel writes blanks and such as three octal digits."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), field)


def _mount_of(path: Path, mounts: list[Mount]) -> Mount | None:
    """The innermost mount that holds ``path``; of several on one point, the last one shows."""
    real = os.path.realpath(path)
    holding = [m for m in mounts if m.point == "/" or (real + "/").startswith(m.point + "/")]
    return (
        max(enumerate(holding), key=lambda pair: (len(pair[1].point), pair[0]))[1]
        if holding
        else None
    )


def _block_device(mount: Mount, sys: Path) -> Path | None:
    """The device's folder under /sys; btrfs shows a made-up number, so its source is asked too."""
    folder = sys / "dev/block" / mount.device
    if folder.exists():
        return folder.resolve()
    try:
        number = Path(mount.source).stat().st_rdev
    except OSError:
        return None  # no such device here (overlay, network): nothing is known of it
    folder = sys / f"dev/block/{os.major(number)}:{os.minor(number)}"
    return folder.resolve() if folder.exists() else None


def _slaves(device: Path, sys: Path) -> list[Path]:
    """What a device is made of: the partition under LUKS, the LUKS under LVM, the disks of a RAID."""
    folder = device / "slaves"
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    return [(sys / "class/block" / name).resolve() for name in names]


def _with_slaves(device: Path, sys: Path) -> list[Path]:
    """A device and everything below it."""
    return [device, *(low for one in _slaves(device, sys) for low in _with_slaves(one, sys))]


def _is_crypt(device: Path, sys: Path) -> bool:
    """Encrypted itself, or made of nothing but what is: one plain disk below is enough to read."""
    uuid = device / "dm/uuid"
    if uuid.exists() and _CRYPT.match(uuid.read_text()):
        return True
    below = _slaves(device, sys)
    return bool(below) and all(_is_crypt(one, sys) for one in below)


def _is_removable(device: Path) -> bool:
    """A stick says so itself; a USB disk or an SD card in a built-in reader does not."""
    disk = device.parent if (device / "partition").exists() else device
    return (
        "/usb" in os.fspath(disk)
        or _says(disk / "removable") == "1"
        or _says(disk / "device/type") == "SD"
    )


def _says(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""
