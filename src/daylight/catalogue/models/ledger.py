"""The ledger's rows: entries as they were hashed, and the hashes of completed subtrees."""

from django.db import models


class Entry(models.Model):
    """``leaf`` is what is hashed; ``details`` and ``details_salt`` open its commitment."""

    index = models.BigIntegerField(primary_key=True)
    leaf = models.BinaryField()
    details = models.BinaryField(null=True)
    details_salt = models.BinaryField(max_length=32, null=True)


class Subtree(models.Model):
    """Key: ``level << 56 | position``; see ``ledger.merkle.Node``."""

    key = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField(max_length=32)
