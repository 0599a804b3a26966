"""Which volumes count as encrypted, removable, read-only: against made-up machines."""

from pathlib import Path

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


def test_gocryptfs(machine):
    machine.mount("0:50", "fuse.gocryptfs")
    assert machine.look().encrypted


def test_the_last_of_several_mounts_on_one_point_shows(machine):
    machine.mount("0:44", "tmpfs")
    machine.mount("0:50", "fuse.gocryptfs")
    assert machine.look().filesystem == "fuse.gocryptfs"


def test_a_line_that_makes_no_sense_is_passed_over():
    assert parse_mountinfo("nonsense\n1 2 3\n") == []
