"""What analyses say across items: relations, what was compared for them, footage that is known outside."""

from django.db import models

from daylight.catalogue.models.custody import Item
from daylight.catalogue.models.ids import new_public_id


class Relation(models.Model):
    """``item_b`` from ``b_start_us`` on for ``length_us`` is ``item_a`` from ``a_start_us`` on, as
    ``kind`` says. ``score`` in [0, 1]. Times in microseconds from media zero.
    """

    analysis = models.CharField(max_length=40)
    version = models.IntegerField()
    kind = models.CharField(max_length=20)
    item_a = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    item_b = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    a_start_us = models.BigIntegerField()
    b_start_us = models.BigIntegerField()
    length_us = models.BigIntegerField()
    score = models.FloatField()
    facts = models.JSONField()


class Comparison(models.Model):
    """What looking at two items has shown, kept so that they are not looked at twice.

    ``asked`` names the fingerprints, the instants and the version, as SHA-256 in hexadecimal.
    ``shown``: the line found, or null.
    """

    item_a = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    item_b = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    asked = models.CharField(max_length=64, unique=True)
    shown = models.JSONField(null=True)


class Analysed(models.Model):
    """That an analysis has said all about its inputs; ``inputs``: their SHA-256 in hexadecimal."""

    analysis = models.CharField(max_length=40, unique=True)
    version = models.IntegerField()
    inputs = models.CharField(max_length=64)


class Known(models.Model):
    """A film that is known outside: no item, and not kept. ``name``: as it was called in its folder.

    ``prints``: its fingerprint (``media.prints``), so that what comes in later is held against it too;
    ``path``, ``facts`` and ``key_frames`` serve to look at it where it still lies. ``agent``: who added it.
    """

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    name = models.CharField(max_length=300)
    digest = models.BinaryField(max_length=32, unique=True)
    prints = models.BinaryField()
    added = models.DateTimeField()
    path = models.BinaryField(default=bytes)
    facts = models.JSONField(null=True)
    key_frames = models.BinaryField(default=bytes)
    agent = models.CharField(max_length=32, blank=True)
    note = models.TextField(blank=True)


class Contested(models.Model):
    """A mark on an item: a stretch of it is in a film that is known outside. ``entry``: in the ledger."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="contested")
    known = models.ForeignKey(Known, on_delete=models.PROTECT, related_name="contested")
    kind = models.CharField(max_length=20)
    item_start_us = models.BigIntegerField()
    known_start_us = models.BigIntegerField()
    length_us = models.BigIntegerField()
    score = models.FloatField()
    entry = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["item", "known", "item_start_us", "known_start_us"], name="one_contest"
            ),
        )
