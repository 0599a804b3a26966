"""Which volumes count as encrypted, removable, read-only: against made-up machines."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from daylight.storage.volume import Volume, inspect, parse_mountinfo


class Machine:
    """A made-up /proc and /sys, and a folder that its mounts hold."""

    def __init__(self, root: Path) -> None:
        self.proc, self.sys, self.here = root / "proc", root / "sys", root / "media disk"
        (self.proc / "self").mkdir(parents=True)
        (self.sys / "dev/block").mkdir(parents=True)
        (self.sys / "class/block").mkdir(parents=True)
        self.here.mkdir()
        self.lines = ["1 0 8:1 / / rw - ext4 /dev/sda1 rw"]

    def device(self, number: str, path: str, *, uuid: str = "", removable: str = "", part=False):
        folder = self.sys / "devices" / path
        folder.mkdir(parents=True)
        (self.sys / "dev/block" / number).symlink_to(folder)
        (self.sys / "class/block" / folder.name).symlink_to(folder)
        if uuid:
            (folder / "dm").mkdir()
            (folder / "dm/uuid").write_text(uuid + "\n")
        if removable:
            (folder / "removable").write_text(removable + "\n")
        if part:
            (folder / "partition").write_text("1\n")
        return folder

    def slave(self, upper: Path, lower: Path) -> None:
        (upper / "slaves").mkdir(exist_ok=True)
        (upper / "slaves" / lower.name).symlink_to(lower)

    def mount(self, number: str, filesystem: str, options: str = "rw", source: str = "none"):
        point = str(self.here).replace(" ", "\\040")
        self.lines.append(f"2 1 {number} / {point} {options} - {filesystem} {source} rw")

    def look(self) -> Volume:
        (self.proc / "self/mountinfo").write_text("\n".join(self.lines) + "\n")
        return inspect(self.here, self.proc, self.sys)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_luks(machine):
    machine.device("254:0", "virtual/block/dm-0", uuid="CRYPT-LUKS2-abc-vault")
    machine.mount("254:0", "ext4")
    assert machine.look() == Volume(
        encrypted=True, removable=False, read_only=False, filesystem="ext4"
    )


def test_lvm_on_luks_on_a_partition(machine):
    part = machine.device("8:2", "pci/sda/sda2", part=True)
    crypt = machine.device("254:0", "virtual/block/dm-0", uuid="CRYPT-LUKS1-abc")
    volume = machine.device("254:1", "virtual/block/dm-1", uuid="LVM-xyz")
    machine.slave(crypt, part)
    machine.slave(volume, crypt)
    machine.mount("254:1", "xfs")
    assert machine.look().encrypted


def test_lvm_alone_is_plain(machine):
    machine.device("254:1", "virtual/block/dm-1", uuid="LVM-xyz")
    machine.mount("254:1", "ext4")
    assert not machine.look().encrypted


def test_a_usb_disk_is_removable_though_it_says_otherwise(machine):
    disk = machine.device("8:16", "pci0000:00/usb2/2-1/host6/block/sdb", removable="0")
    machine.device("8:17", "pci0000:00/usb2/2-1/host6/block/sdb/sdb1", part=True)
    assert disk.exists()
    machine.mount("8:17", "ntfs3", options="ro,noatime")
    found = machine.look()
    assert (found.removable, found.read_only, found.encrypted) == (True, True, False)


def test_a_card_says_itself_that_it_is_removable(machine):
    machine.device("179:0", "platform/mmc/mmcblk0", removable="1")
    machine.device("179:1", "platform/mmc/mmcblk0/mmcblk0p1", part=True)
    machine.mount("179:1", "vfat")
    assert machine.look().removable


@pytest.mark.parametrize("filesystem", ["tmpfs", "overlay", "nfs4", "9p"])
def test_what_is_no_device_is_not_known_to_be_encrypted(machine, filesystem):
    machine.mount("0:44", filesystem)
    assert machine.look() == Volume(
        encrypted=False, removable=False, read_only=False, filesystem=filesystem
    )


@pytest.mark.parametrize("below", [(True, True), (True, False), (False, False)])
def test_a_volume_on_two_disks_is_as_safe_as_the_worse_one(machine, below):
    group = machine.device("254:9", "virtual/block/dm-9", uuid="LVM-xyz")
    for n, crypt in enumerate(below):
        uuid = f"CRYPT-LUKS2-{n}" if crypt else "mpath-1"
        machine.slave(group, machine.device(f"254:{n}", f"virtual/block/dm-{n}", uuid=uuid))
    machine.mount("254:9", "ext4")
    assert machine.look().encrypted is all(below)


@pytest.mark.parametrize("kind", ["VERITY", "INTEGRITY", "SUBDEV", "TEMP"])
def test_what_cryptsetup_only_checks_is_not_encrypted(machine, kind):
    machine.device("254:0", "virtual/block/dm-0", uuid=f"CRYPT-{kind}-abc-root")
    machine.mount("254:0", "ext4")
    assert not machine.look().encrypted


@pytest.mark.parametrize(
    "kind", ["LUKS1", "LUKS2", "PLAIN", "TCRYPT", "BITLK", "LOOPAES", "FVAULT2"]
)
def test_what_cryptsetup_encrypts_is_encrypted(machine, kind):
    machine.device("254:0", "virtual/block/dm-0", uuid=f"CRYPT-{kind}-abc-vault")
    machine.mount("254:0", "ext4")
    assert machine.look().encrypted


def test_luks_on_a_stick_is_encrypted_and_removable(machine):
    part = machine.device("8:17", "pci/usb1/1-2/block/sdb/sdb1", part=True)
    crypt = machine.device("254:0", "virtual/block/dm-0", uuid="CRYPT-LUKS2-abc")
    machine.slave(crypt, part)
    machine.mount("254:0", "ext4")
    found = machine.look()
    assert (found.encrypted, found.removable) == (True, True)


@pytest.mark.parametrize(("kind", "removable"), [("SD", True), ("MMC", False)])
def test_a_card_in_a_built_in_reader_is_told_from_soldered_memory(machine, kind, removable):
    disk = machine.device("179:0", "platform/mmc0/mmcblk0", removable="0")
    (disk / "device").mkdir()
    (disk / "device/type").write_text(kind + "\n")
    machine.device("179:1", "platform/mmc0/mmcblk0/mmcblk0p1", part=True)
    machine.mount("179:1", "exfat")
    assert machine.look().removable is removable


def test_a_built_in_disk_is_not_removable(machine):
    machine.device("8:0", "pci0000:00/ata1/block/sda", removable="0")
    machine.device("8:1", "pci0000:00/ata1/block/sda/sda1", part=True)
    machine.mount("8:1", "ext4")
    assert not machine.look().removable


def test_btrfs_has_a_made_up_number_and_is_found_by_its_source(machine, monkeypatch):
    """stat says 0:35; the device node that was mounted tells the true one."""
    machine.device("254:0", "virtual/block/dm-0", uuid="CRYPT-LUKS2-abc")
    node, real = machine.here.parent / "mapper", Path.stat

    def stat(self, **options):
        if self == node:
            return SimpleNamespace(st_rdev=os.makedev(254, 0))
        return real(self, **options)

    monkeypatch.setattr(Path, "stat", stat)
    machine.mount("0:35", "btrfs", source=str(node))
    assert machine.look().encrypted


@pytest.mark.parametrize(
    "name", [b"a b", b"tab\there", b"back\\slash", b"\xe2\xe8", b"x\x0cy", b"x\r"]
)
def test_a_mount_point_of_any_name_is_found(machine, name):
    """The kernel writes blank, tab, line feed and backslash in octal, all else as it is."""
    point = os.fsencode(machine.here.parent) + b"/" + name
    os.mkdir(point)
    escaped = b"".join(b"\\%03o" % c if c in b" \t\n\\" else bytes([c]) for c in point)
    line = b"2 1 0:50 / " + escaped + b" rw - fuse.gocryptfs none rw\n"
    (machine.proc / "self/mountinfo").write_bytes(machine.lines[0].encode() + b"\n" + line)
    assert inspect(Path(os.fsdecode(point)), machine.proc, machine.sys).encrypted


def test_a_neighbour_whose_name_begins_alike_is_another_place(machine):
    machine.mount("0:50", "fuse.gocryptfs")
    (machine.proc / "self/mountinfo").write_text("\n".join(machine.lines) + "\n")
    beside = Path(f"{machine.here} 2")
    beside.mkdir()
    assert not inspect(beside, machine.proc, machine.sys).encrypted


def test_a_link_is_where_it_leads(machine):
    machine.mount("0:50", "fuse.gocryptfs", options="ro")
    link = machine.here.parent / "link"
    link.symlink_to(machine.here)
    (machine.proc / "self/mountinfo").write_text("\n".join(machine.lines) + "\n")
    assert inspect(link, machine.proc, machine.sys).read_only


def test_a_filesystem_that_turned_read_only_is_read_only(machine):
    machine.lines.append(
        f"2 1 0:44 / {str(machine.here).replace(' ', chr(92) + '040')} rw - ext4 x ro"
    )
    assert machine.look().read_only


def test_this_machine_can_be_looked_at(tmp_path):
    assert inspect(tmp_path).filesystem != "unknown"


def test_gocryptfs(machine):
    machine.mount("0:50", "fuse.gocryptfs")
    assert machine.look().encrypted


def test_the_last_of_several_mounts_on_one_point_shows(machine):
    machine.mount("0:44", "tmpfs")
    machine.mount("0:50", "fuse.gocryptfs")
    assert machine.look().filesystem == "fuse.gocryptfs"


def test_a_line_that_makes_no_sense_is_passed_over():
    assert parse_mountinfo("nonsense\n1 2 3\n") == []
