"""What analyses say of the burnt-in clock of an item."""

from django.db import models

from daylight.catalogue.models.custody import Item


class ClockReading(models.Model):
    """A ``domain.burnt_clock.BurntClock``, a row an item; also the mark that it was read.

    ``version`` of the analysis; ``source``: which crops it read, as hexadecimal digits, empty where the
    detector found none. ``camera``: what groups recordings of one camera for telling day and month apart.
    ``failed``: why the crops could not be read, else empty.
    """

    item = models.OneToOneField(
        Item, on_delete=models.PROTECT, primary_key=True, related_name="clock"
    )
    version = models.IntegerField()
    source = models.CharField(max_length=64, blank=True)
    failed = models.CharField(max_length=300, blank=True)
    ticking = models.CharField(max_length=8, db_index=True)
    layout = models.CharField(max_length=40, blank=True)
    others = models.JSONField(default=list)
    pace = models.FloatField(default=1.0)
    label = models.CharField(max_length=200, blank=True)
    label_key = models.CharField(max_length=32, blank=True, db_index=True)
    camera = models.CharField(max_length=80, blank=True, db_index=True)
    read = models.IntegerField(default=0)
    seen = models.IntegerField(default=0)
    confidence = models.FloatField(default=0.0)
    pieces = models.JSONField(default=list)
