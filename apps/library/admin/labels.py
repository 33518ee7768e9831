"""Studios, tags, and the fields that people invent."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import BooleanRadioFilter

from apps.core.admin import AuditedAdmin
from apps.core.admin.base import column
from apps.library.admin.shown import LabelAdmin
from apps.library.forms import StudioForm, TagForm
from apps.library.models import CustomField, Studio, Tag, Video
from apps.library.pages.merge import MergeStudios, MergeTags


@admin.register(Studio)
class StudioAdmin(LabelAdmin):
    pages = (MergeStudios,)
    form = StudioForm
    browse_field = "studio"
    list_display = ["name", "parent", "videos_count", "starred"]
    list_select_related = ["parent"]
    list_filter = [("favorite", BooleanRadioFilter)]
    autocomplete_fields = ["parent"]
    fields = ["name", "aliases", "parent", "favorite", "details", "urls"]
    empty_title = "No studios yet"
    empty_text = "Add the makers of your videos here, or while you edit a video."


@admin.register(Tag)
class TagAdmin(LabelAdmin):
    pages = (MergeTags,)
    form = TagForm
    browse_field = "tag"
    list_display = ["swatch", "belongs_to", "videos_count", "starred"]
    list_filter = [("favorite", BooleanRadioFilter)]
    empty_title = "No tags yet"
    empty_text = "Tags file videos under subjects; a tag may include others."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        tags: QuerySet[Tag] = super().get_queryset(request).prefetch_related("parents")
        return tags

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        # A method, because Django's check refuses many-to-many fields with a through by name.
        return [(None, {"fields": ["name", "aliases", "parents", "color", "favorite", "details"]})]

    def videos_of(self, row: Tag) -> QuerySet[Video]:
        videos: Any = Video.objects
        tagged: QuerySet[Video] = videos.tagged_all([Tag.objects.descendants_of([row.pk])])
        return tagged

    @column("tag", ordering="name")
    def swatch(self, tag: Tag) -> SafeString:
        # The model allows nothing but #rrggbb.
        return format_html(
            '<span class="mh-swatch"{}></span>{}',
            format_html(' style="background-color: {}"', tag.color) if tag.color else "",
            tag.name,
        )

    @column("belongs to")
    def belongs_to(self, tag: Tag) -> str:
        return ", ".join(parent.name for parent in tag.parents.all()) or "-"


@admin.register(CustomField)
class CustomFieldAdmin(AuditedAdmin):
    list_display = ["label", "key", "kind"]
    ordering = ["label", "pk"]
    fields = ["label", "key", "kind"]
    empty_title = "No fields of your own"
    empty_text = "Add one, and every video can be given a value for it."

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # Values are stored under the key, as what the kind says: another one would lose them.
        return ["key", "kind"] if obj else []

    def consequence(self, row: CustomField) -> str:
        return "its values stay with the videos, unseen, until a field of that key is added again"
