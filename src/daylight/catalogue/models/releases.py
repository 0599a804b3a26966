"""Releases: the trees whose roots the public gets, and what opens their commitments."""

from django.db import models

from daylight.catalogue.models.custody import Item
from daylight.catalogue.models.ids import new_public_id


class Release(models.Model):
    """``root``: over the commitments of ``count`` items; ``entry``: the ledger entry that bears it."""

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    root = models.BinaryField(max_length=32)
    count = models.IntegerField()
    created = models.DateTimeField()
    entry = models.BigIntegerField()


class ReleaseOpening(models.Model):
    """Opens one commitment of a release. ``salt`` and ``item`` go with a purge, ``commitment`` stays."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="openings")
    position = models.IntegerField()
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", null=True)
    salt = models.BinaryField(max_length=32, null=True)
    commitment = models.BinaryField(max_length=32)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["release", "position"], name="one_release_a_place"),
        )
