"""What is covered in recordings before others see them: plans with all their versions."""

from django.db import models

from daylight.catalogue.models.custody import Item
from daylight.catalogue.models.ids import new_public_id


class RedactionPlan(models.Model):
    """One for an item. ``version``: the one that stands."""

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="redaction")
    version = models.IntegerField(default=1)
    created = models.DateTimeField()


class RedactionVersion(models.Model):
    """Never changed once it is there. ``body``: ``redaction/1``, as ``domain.redaction_json`` writes it."""

    plan = models.ForeignKey(RedactionPlan, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    body = models.TextField()
    agent = models.CharField(max_length=32)
    at = models.DateTimeField()
    entry = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["plan", "number"], name="one_plan_version_a_number"),
        )
