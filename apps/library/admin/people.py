"""Performers and their pictures."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter

from apps.core.admin.base import column
from apps.core.admin.lists import rising
from apps.library.admin.shown import LabelAdmin
from apps.library.forms import PerformerForm
from apps.library.forms.pictures import PictureForm
from apps.library.models import Performer, PerformerImage
from apps.library.pages.merge import MergePerformers
from apps.library.services.pictures import PICTURE_TYPES


class ImageInline(TabularInline):  # type: ignore[misc]
    model = PerformerImage
    form = PictureForm
    fields = ("picture", "image", "position")
    readonly_fields = ("picture",)
    ordering = ("position", "pk")
    extra = 0
    verbose_name_plural = "pictures"

    @column("")
    def picture(self, image: PerformerImage) -> SafeString | str:
        return portrait(image, "mh-portrait-large") if image.pk else ""


@admin.register(Performer)
class PerformerAdmin(LabelAdmin):
    pages = (MergePerformers,)
    form = PerformerForm
    browse_field = "performer"
    list_display = ["face", "named", "videos_count", "stars", "starred"]
    list_display_links = ["named"]
    list_filter = [("favorite", BooleanRadioFilter), ("gender", ChoicesDropdownFilter)]
    inlines = [ImageInline]
    fieldsets = [
        (None, {"fields": ["name", "disambiguation", "aliases", ("favorite", "rating")]}),
        (
            "Facts",
            {
                "fields": [
                    ("gender", "country"),
                    ("birth_date", "death_date"),
                    ("career_start", "career_end"),
                    ("height_cm", "weight_kg"),
                    ("eye_color", "hair_color"),
                    ("ethnicity", "measurements"),
                    "tattoos",
                    "piercings",
                ],
                "classes": ["collapse"],
            },
        ),
        ("Notes", {"fields": ["details", "urls"]}),
    ]
    empty_title = "No performers yet"
    empty_text = "Add the people in your videos here, or while you edit a video."

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.image)
        return [path("images/<int:pk>/", view, name="library_performer_image"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Performer]:
        pictures = PerformerImage.objects.order_by("position", "pk")
        performers: QuerySet[Performer] = super().get_queryset(request)
        return performers.prefetch_related(Prefetch("images", pictures, to_attr="pictures"))

    @column("")
    def face(self, performer: Any) -> SafeString:
        if performer.pictures:
            return portrait(performer.pictures[0], "mh-portrait")
        return format_html(
            '<span class="mh-portrait mh-portrait-none">{}</span>', performer.name[:1]
        )

    @column("name", ordering="name")
    def named(self, performer: Performer) -> SafeString:
        other = ", ".join(performer.aliases)
        return format_html(
            '<span class="mh-named"><b>{}</b><span class="mh-path">{}</span></span>',
            str(performer),
            other,
        )

    @column("rating", ordering=rising("rating"))
    def stars(self, performer: Performer) -> str:
        return str(performer.rating or "-")

    def image(self, request: HttpRequest, pk: int) -> FileResponse:
        """A performer's picture, to those who may see performers."""
        if not request.user.has_perm("library.view_performer"):
            raise PermissionDenied
        image = get_object_or_404(PerformerImage, pk=pk).image
        name = image.name or ""
        kind = PICTURE_TYPES.get(name.rpartition(".")[2].lower())
        if kind is None or not image.storage.exists(name):
            raise Http404
        return FileResponse(image.open(), content_type=kind)


def portrait(image: PerformerImage, style: str) -> SafeString:
    url = reverse("admin:library_performer_image", args=[image.pk])
    return format_html('<img class="{}" src="{}" alt="" loading="lazy">', style, url)
