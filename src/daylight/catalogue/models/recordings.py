"""Recordings in the world: cameras, which item is of which, and how their clocks stand."""

from typing import ClassVar

from django.db import models

from daylight.catalogue.models.custody import Item
from daylight.catalogue.models.ids import new_public_id


class Camera(models.Model):
    """A camera, proposed or ``confirmed`` by a person (the ledger's ``entry`` says who and why).

    ``number`` names it where it has no name. ``name`` and ``facility`` come from a person, or from the
    label in the picture, never from a leaked path. ``site``: cameras with the same number seem to
    belong together. ``label_keys``: labels, as pictures, that are this camera's; what people confirmed
    is kept in it, so that further items go where they said. ``dates``: the order in which it writes day, month
    and year (``dmy``), as a person said; empty where nobody has.
    """

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    number = models.IntegerField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    facility = models.CharField(max_length=200, blank=True)
    confirmed = models.BooleanField(default=False)
    site = models.IntegerField(null=True)
    label = models.CharField(max_length=200, blank=True)
    label_keys = models.JSONField(default=list)
    zone = models.CharField(max_length=64, blank=True)
    dates = models.CharField(max_length=3, blank=True)
    entry = models.BigIntegerField(null=True)


class Recording(models.Model):
    """An item placed in the world. ``basis``: what speaks for the camera, by name, each in [0, 1].

    ``container_us``: UTC, by the file's header at its start; ``burnt_us``: naive, at media zero;
    ``pieces``: of an item put together from several, ``[media_us, length_us, naive_us]`` each;
    ``order_basis``: what told day and month apart, where the picture alone did not;
    ``real_us``: UTC at media zero, with its uncertainty, zone and what it rests on. None is unknown.
    ``activity``: where something moves, ``[media_us, length_us, level]`` each, level from 1 to 9; None
    where nobody has looked. It is drawn from the object ``activity_of``.
    """

    item = models.OneToOneField(Item, on_delete=models.PROTECT, primary_key=True)
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed = models.BooleanField(default=False)
    confidence = models.FloatField(default=0.0)
    basis = models.JSONField(default=dict)
    entry = models.BigIntegerField(null=True)
    container_us = models.BigIntegerField(null=True)
    burnt_us = models.BigIntegerField(null=True)
    pieces = models.JSONField(default=list)
    order_basis = models.CharField(max_length=20, blank=True)
    real_us = models.BigIntegerField(null=True)
    uncertainty_us = models.BigIntegerField(null=True)
    zone = models.CharField(max_length=64, blank=True)
    real_basis = models.CharField(max_length=20, blank=True)
    activity = models.JSONField(null=True)
    activity_of = models.CharField(max_length=64, blank=True)


class ClockOffset(models.Model):
    """What is added to a camera's burnt-in time. Of ``source`` ``person``: an act in the ledger
    (``entry``), the way to real time; else reckoned, an observation of how two recorded clocks stand.

    ``drift``: seconds a second since the burnt-in time ``at_us``, give or take ``drift_doubt``. ``since``, ``until``: naive.
    """

    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, related_name="offsets")
    source = models.CharField(max_length=20)
    offset_us = models.BigIntegerField()
    uncertainty_us = models.BigIntegerField()
    drift = models.FloatField(null=True)
    drift_doubt = models.FloatField(default=0.0)
    at_us = models.BigIntegerField(null=True)
    since = models.BigIntegerField(null=True)
    until = models.BigIntegerField(null=True)
    zone = models.CharField(max_length=64, blank=True)
    samples = models.IntegerField(default=0)
    reason = models.TextField(blank=True)
    agent = models.CharField(max_length=32, blank=True)
    entry = models.BigIntegerField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["camera", "source"], name="offset_by_camera")]


class PlacingRun(models.Model):
    """One row: the digest of what was last placed, so that nothing is reckoned anew without need."""

    inputs = models.CharField(max_length=64)
    entry = models.BigIntegerField()
