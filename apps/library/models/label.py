"""What videos are filed under: studios, tags, and fields that people invent."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower

from apps.core.models import Timestamped, Versioned
from apps.library.choices import FieldKind
from apps.library.querysets import StudioQuerySet, TagQuerySet


class Named(Timestamped, Versioned):
    """A thing with a name of its own, other names, and a text."""

    name = models.CharField(max_length=200)
    aliases = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    details = models.TextField(blank=True)
    favorite = models.BooleanField(default=False)
    haystack = models.GeneratedField(
        expression=Func("name", "aliases", function="library_names"),
        output_field=models.TextField(), db_persist=True,
        help_text="all names as they are searched: ``| one name | another |``",
    )  # fmt: skip

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Studio(Named):
    """Who made a video. Studios may belong to a larger one."""

    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="children"
    )
    urls = ArrayField(models.URLField(max_length=1_000), default=list, blank=True)
    video_count = models.PositiveIntegerField(default=0, editable=False)

    objects = StudioQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="library_studio_name",
                violation_error_message="There is another studio with this name already.",
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("pk")), name="library_studio_not_own_parent"
            ),
        ]
        indexes = [
            # completion and search
            GinIndex(OpClass(F("haystack"), name="gin_trgm_ops"), name="library_studio_haystack"),
            # the list, largest first
            models.Index(fields=["-video_count", "id"], name="library_studio_largest"),
        ]


class Tag(Named):
    """A label. Tags form a directed graph without cycles: a tag includes its children."""

    parents = models.ManyToManyField(
        "self", through="TagParent", through_fields=("child", "parent"), symmetrical=False,
        related_name="children", blank=True,
    )  # fmt: skip
    color = models.CharField(
        max_length=7, blank=True, validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    # kept by triggers on the links (migration 0002)
    video_count = models.PositiveIntegerField(default=0, editable=False)

    objects = TagQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="library_tag_name",
                violation_error_message="There is another tag with this name already.",
            )
        ]
        indexes = [
            # completion and search
            GinIndex(OpClass(F("haystack"), name="gin_trgm_ops"), name="library_tag_haystack"),
            # the list, largest first
            models.Index(fields=["-video_count", "id"], name="library_tag_largest"),
        ]


class TagParent(models.Model):
    """An arrow from a tag to one that includes it; ``services.tags`` refuses cycles."""

    child = models.ForeignKey(Tag, models.CASCADE, related_name="parent_links")
    parent = models.ForeignKey(Tag, models.CASCADE, related_name="child_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["child", "parent"], name="library_tagparent_once"),
            models.CheckConstraint(
                condition=~Q(child=F("parent")), name="library_tagparent_not_self"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.child_id} in {self.parent_id}"


class CustomField(Timestamped, Versioned):
    """A field that people added to videos; its values stand in ``Video.custom`` under ``key``."""

    key = models.CharField(
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", "Use lower-case letters, digits and _.")],
    )
    label = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=FieldKind, default=FieldKind.TEXT)

    def __str__(self) -> str:
        return self.label


class Word(models.Model):
    """A word of titles, as it is searched: what typing errors are compared with."""

    text = models.CharField(max_length=60, primary_key=True)

    class Meta:
        indexes = [
            # the most similar
            GinIndex(OpClass(F("text"), name="gin_trgm_ops"), name="library_word_trgm"),
        ]

    def __str__(self) -> str:
        return self.text
