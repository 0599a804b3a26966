"""What people say of footage: marks with all their versions, threads, confirmations, calls for help."""

from typing import ClassVar

from django.db import models

from daylight.catalogue.models.custody import Item
from daylight.catalogue.models.ids import new_public_id


class Mark(models.Model):
    """``version``: the one that stands. ``withdrawn``: by whom, empty while it stands; it is kept."""

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="marks")
    kind = models.CharField(max_length=12)
    version = models.IntegerField(default=1)
    withdrawn = models.CharField(max_length=32, blank=True)
    created = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["item", "kind"], name="mark_by_item")]


class MarkVersion(models.Model):
    """Never changed once it is there. Microseconds from media zero; no ``start_us``: the whole item.

    ``region``: ``[at_us, left, top, width, height]`` each, in ten-thousandths of the picture.
    """

    mark = models.ForeignKey(Mark, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    start_us = models.BigIntegerField(null=True)
    end_us = models.BigIntegerField(null=True)
    region = models.JSONField(default=list)
    tags = models.JSONField(default=list)
    words = models.TextField(blank=True)
    sureness = models.CharField(max_length=8)
    severity = models.SmallIntegerField(null=True)
    agent = models.CharField(max_length=32)
    at = models.DateTimeField()
    entry = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["mark", "number"], name="one_version_a_number"),
        )


class Comment(models.Model):
    """One word in the thread of a mark; nothing of a thread is changed or taken away."""

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    mark = models.ForeignKey(Mark, on_delete=models.CASCADE, related_name="comments")
    agent = models.CharField(max_length=32)
    at = models.DateTimeField()
    words = models.TextField()


class Confirmation(models.Model):
    """Somebody other than who wrote it saw the same; it is of that version alone."""

    version = models.ForeignKey(MarkVersion, on_delete=models.CASCADE, related_name="confirmations")
    agent = models.CharField(max_length=32)
    at = models.DateTimeField()
    entry = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["version", "agent"], name="one_confirmation"),
        )


class Urgent(models.Model):
    """Somebody may be in danger today. ``settled``: what was done, by whom; empty while it waits."""

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    mark = models.ForeignKey(Mark, on_delete=models.CASCADE, related_name="calls")
    agent = models.CharField(max_length=32)
    at = models.DateTimeField()
    words = models.TextField()
    settled_by = models.CharField(max_length=32, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_words = models.TextField(blank=True)


class Task(models.Model):
    """Who looks at an item: taken or given. ``ended``: how, empty while it goes on.

    ``beside``: why a person looks although two have, where that was asked for.
    """

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="tasks")
    agent = models.CharField(max_length=32, db_index=True)
    given_by = models.CharField(max_length=32)
    at = models.DateTimeField()
    beside = models.TextField(blank=True)
    ended = models.CharField(max_length=12, blank=True)  # reviewed, handed-over, dropped
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["item", "ended"], name="task_by_item")]
        constraints = (
            models.UniqueConstraint(
                fields=["item", "agent"],
                condition=models.Q(ended=""),
                name="one_open_task_a_person_and_item",
            ),
        )


class Standing(models.Model):
    """What is asked of an item again and again, reckoned from marks, tasks and copies; see services.

    ``severity``: the highest, of copies too; None where nobody has said. ``described``: in words, here or
    of a copy that shows all of it. ``reviewed``: somebody has gone through it, or through such a copy.
    """

    item = models.OneToOneField(Item, on_delete=models.PROTECT, primary_key=True)
    severity = models.SmallIntegerField(null=True, db_index=True)
    notes = models.TextField(blank=True)  # content notes, a space at either side of each
    described = models.BooleanField(default=False)
    reviewed = models.BooleanField(default=False, db_index=True)
    marks = models.IntegerField(default=0)


class Segment(models.Model):
    """What can be found by words: one row a mark or label. ``folded``, ``stems``: what is searched.

    ``ref``: the public id of the mark, or what names the label. The row's own key orders by age.
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="segments")
    kind = models.CharField(max_length=12)
    ref = models.CharField(max_length=64)
    start_us = models.BigIntegerField(null=True)
    folded = models.TextField()
    stems = models.TextField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "ref"], name="segment_by_ref")]
