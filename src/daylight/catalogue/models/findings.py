"""What was computed from items: findings of detectors, facts for people to filter by, renditions."""

from django.db import models

from daylight.catalogue.models.custody import Item


class Media(models.Model):
    """What an item is, as the probe found it: one row to list and filter by.

    ``facts`` is the whole of it as JSON (``facts/1``).
    """

    item = models.OneToOneField(Item, on_delete=models.PROTECT, primary_key=True)
    probe_version = models.IntegerField()
    kind = models.CharField(max_length=12, db_index=True)
    state = models.CharField(max_length=12, db_index=True)
    reason = models.CharField(max_length=300, blank=True)
    container = models.CharField(max_length=40, blank=True)
    codec = models.CharField(max_length=40, blank=True)
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    fps = models.FloatField(null=True)  # shown only; the exact rate is in facts
    duration_us = models.BigIntegerField(null=True)
    has_sound = models.BooleanField(default=False)
    facts = models.JSONField()
    key_frames = models.BinaryField(max_length=32, null=True)  # digest of the index blob


class Finding(models.Model):
    """What one detector says of one item; or, with ``failed``, why it could not.

    ``read_from``: the salvage that was read in place of an original that cannot be opened, by its
    digest; None where the original itself was read.
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="findings")
    detector = models.CharField(max_length=40)
    version = models.IntegerField()
    failed = models.CharField(max_length=300, blank=True)
    facts = models.JSONField()
    read_from = models.BinaryField(max_length=32, null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["item", "detector", "version"], name="one_finding_a_detector"
            ),
        )


class Rendition(models.Model):
    """Something computed from an item for people to look at; its bytes are an object."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="renditions")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="renditions")
    name = models.CharField(max_length=40)
    media_type = models.CharField(max_length=80)
    sha256 = models.BinaryField(max_length=32)
    size = models.BigIntegerField()
    facts = models.JSONField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["finding", "name"], name="one_rendition_a_name"),
        )
