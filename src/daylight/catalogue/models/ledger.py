"""The ledger's rows: entries as they were hashed, and the hashes of completed subtrees."""

from django.db import models

from daylight.catalogue.models.custody import Item


class Entry(models.Model):
    """``leaf`` is what is hashed; ``details`` and ``details_salt`` open its commitment."""

    index = models.BigIntegerField(primary_key=True)
    leaf = models.BinaryField()
    details = models.BinaryField(null=True)
    details_salt = models.BinaryField(max_length=32, null=True)


class Opening(models.Model):
    """What opens the commitment of an entry to one of its items; ``salt`` goes with a purge.

    Then the item is null and ``commitment`` the bare commitment, as with an occurrence. The openings of what was received lie with the occurrences.
    """

    entry = models.BigIntegerField()
    position = models.IntegerField()
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, related_name="openings")
    salt = models.BinaryField(max_length=32, null=True)
    commitment = models.BinaryField(max_length=32, null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["entry", "position"], name="one_opening_a_place"),
        )


class Head(models.Model):
    """A signed head: ``body`` is what was signed. One a transaction that added entries."""

    size = models.BigIntegerField(primary_key=True)
    body = models.BinaryField()
    signature = models.BinaryField(max_length=64)


class Witness(models.Model):
    """A countersignature from outside over the head of ``size``; ``name``: a codename or an office.

    ``key``: the partner's public key as OpenSSH writes it, ``signature``: an SSHSIG block.
    """

    size = models.BigIntegerField()
    name = models.CharField(max_length=100)
    key = models.TextField()
    signature = models.TextField()
    created = models.DateTimeField()
    entry = models.BigIntegerField()


class Subtree(models.Model):
    """Key: ``level << 56 | position``; see ``ledger.merkle.Node``."""

    key = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField(max_length=32)
