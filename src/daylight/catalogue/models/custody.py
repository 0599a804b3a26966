"""What came in: accessions, items, occurrences; leaked names apart, under a permission of their own."""

from typing import ClassVar

from django.db import models

from daylight.catalogue.models.ids import new_public_id
from daylight.catalogue.models.people import Collection


class Accession(models.Model):
    """One transfer of material. ``roots_sha256`` recognises an import that was cut short."""

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    name = models.CharField(max_length=200, unique=True)
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="accessions")
    roots_sha256 = models.BinaryField(max_length=32)
    created = models.DateTimeField()
    finished = models.DateTimeField(null=True)


class Statement(models.Model):
    """Something known of a transfer; ``value`` empty means "unknown", which is an answer."""

    accession = models.ForeignKey(Accession, on_delete=models.PROTECT, related_name="statements")
    topic = models.CharField(max_length=40)
    value = models.TextField(blank=True)
    entry = models.BigIntegerField()  # index in the ledger


class Item(models.Model):
    """One unique original file. Intake gives the keys: it inserts many at once."""

    id = models.BigIntegerField(primary_key=True)
    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    sha256 = models.BinaryField(max_length=32, unique=True)
    size = models.BigIntegerField()


class Holding(models.Model):
    """An item belongs to every collection through which it came in."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="holdings")
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["item", "collection"], name="one_holding"),)


class Occurrence(models.Model):
    """An item met under a name in an accession; the commitment that its ledger entry holds.

    ``entry`` is the ledger index, ``position`` the place among the entry's objects, ``salt`` opens
    the commitment and goes with a purge; so does the item, and ``commitment`` alone stays: without
    it the other objects of the entry could not be proved any more.
    """

    id = models.BigIntegerField(primary_key=True)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, related_name="occurrences")
    accession = models.ForeignKey(Accession, on_delete=models.PROTECT, related_name="occurrences")
    entry = models.BigIntegerField()
    position = models.IntegerField()
    salt = models.BinaryField(max_length=32, null=True)
    commitment = models.BinaryField(max_length=32, null=True)
    verified = models.BooleanField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["entry"], name="occurrence_by_entry")]


class LeakedPath(models.Model):
    """The name an occurrence came under, byte for byte, and its times: evidence, and a danger.

    Never searched, logged or exported unless asked for. ``path_sha256`` is what makes a name
    unique: names of any length must be indexable.
    """

    occurrence = models.OneToOneField(
        Occurrence, on_delete=models.PROTECT, primary_key=True, related_name="leaked_path"
    )
    accession = models.ForeignKey(Accession, on_delete=models.PROTECT, related_name="+")
    path = models.BinaryField()
    path_sha256 = models.BinaryField(max_length=32)
    mtime_ns = models.BigIntegerField(null=True)
    mode = models.IntegerField(null=True)

    class Meta:
        permissions = (("see_leaked_path", "May see leaked names and paths"),)
        indexes: ClassVar = [
            models.Index(fields=["accession", "path_sha256"], name="leaked_path_by_name")
        ]


class Exclusion(models.Model):
    """An entry that was met and not kept as an item: a link, a device, an unreadable file.

    Its name is a leaked name as well, and lies under the same permission.
    """

    accession = models.ForeignKey(Accession, on_delete=models.PROTECT, related_name="exclusions")
    kind = models.CharField(max_length=20)  # link, refused, unreadable, limit
    reason = models.CharField(max_length=300)
    path = models.BinaryField()
    path_sha256 = models.BinaryField(max_length=32)
    target = models.BinaryField(default=b"")
    entry = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=["accession", "path_sha256", "kind"], name="one_exclusion"
            ),
        )
