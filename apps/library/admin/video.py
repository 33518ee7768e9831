"""Videos, as a table and one by one."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RelatedDropdownFilter,
)

from apps.core.admin import AuditedAdmin
from apps.core.admin.base import column
from apps.core.admin.lists import rising
from apps.core.admin.shown import recent
from apps.core.pages import AdminPage
from apps.core.units import say_ago, say_bytes, say_duration, say_timecode
from apps.library.admin.deeds import FileDeeds
from apps.library.admin.filters import (
    CodecFilter,
    PerformerFilter,
    PictureFilter,
    PresenceFilter,
    TagFilter,
)
from apps.library.forms.video import CHIPS, CUSTOM, MarkerForm, video_form
from apps.library.models import CustomField, File, Marker, Video
from apps.library.pages.cards import codec_name, cover_of, resolution_name, with_card_facts
from apps.library.pages.panels import Badge, file_panel, video_facts
from apps.library.search import Asker, QueryError, Question
from apps.library.services.videos import VideoPresent, delete_video


class MarkerInline(TabularInline):  # type: ignore[misc]
    model = Marker
    form = MarkerForm
    fields = ("start_ms", "end_ms", "title", "tag", "color")
    autocomplete_fields = ("tag",)
    readonly_fields = ("start", "end")
    ordering = ("start_ms", "pk")
    extra = 0

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        may_change = self.has_change_permission(request, obj)
        return self.fields if may_change else ("start", "end", "title", "tag", "color")

    @column("from")
    def start(self, marker: Marker) -> str:
        return say_timecode(marker.start_ms)

    @column("to")
    def end(self, marker: Marker) -> str:
        return "-" if marker.end_ms is None else say_timecode(marker.end_ms)


@admin.register(Video)
class VideoAdmin(FileDeeds, AuditedAdmin):
    """They come from scans: none is added by hand."""

    pages: ClassVar[Sequence[type[AdminPage]]] = ()
    panels: ClassVar[Sequence[str]] = ()  # templates of other apps, below a video's files
    list_display = ["thumbnail", "named", "length", "picture", "size", "stars", "added"]
    list_display_links = ["named"]
    list_filter = [
        ("library", RelatedDropdownFilter),
        PresenceFilter,
        PictureFilter,
        CodecFilter,
        ("orientation", ChoicesDropdownFilter),
        TagFilter,
        ("studio", AutocompleteSelectFilter),
        PerformerFilter,
        ("favorite", BooleanRadioFilter),
    ]
    search_fields = ["title"]  # makes Django show the box; ``get_search_results`` searches
    search_help_text = "Search, as in Browse"
    ordering = ["-added_at", "-pk"]
    actions: list[Any] = [*FileDeeds.file_deeds]
    list_disable_select_all = True
    inlines = [MarkerInline]
    empty_title = "No videos yet"
    empty_text = "Videos appear here by themselves while a library is scanned."

    def files_of(self, chosen: QuerySet[Any]) -> QuerySet[File]:
        return File.objects.filter(video__in=chosen.values("pk"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    deletes_what_it_may = True

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only what is no longer on disk can be forgotten: a scan would bring the rest back."""
        gone = obj is None or getattr(obj, "missing_since", None) is not None
        return gone and bool(super().has_delete_permission(request, obj))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_video(obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        kept = 0
        for video in Video.objects.filter(pk__in=queryset.values("pk")):
            try:
                delete_video(video)
            except VideoPresent:
                kept += 1
        if kept:
            messages.warning(request, f"{kept} videos are still on disk and were kept.")

    def consequence(self, video: Any) -> str:
        if video.missing_since is None:
            return "is on disk, so it will be kept"
        return "its tags, markers and history go; the file is gone already"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Video]:
        return with_card_facts(super().get_queryset(request)).select_related("studio", "library")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Video], search_term: str
    ) -> tuple[QuerySet[Video], bool]:
        """The query language; what it can't read finds nothing, and is explained."""
        try:
            question = Question.read(search_term, asker=Asker.of(request.user))
        except QueryError as error:
            messages.warning(request, str(error))
            return queryset.none(), False
        return question.listed(queryset), False

    @column("")
    def thumbnail(self, video: Video) -> SafeString:
        cover = cover_of(video)
        if cover.url:
            picture = '<img class="mh-thumb" src="{}" alt="" width="96" height="54" loading="lazy">'
            return format_html(picture, cover.url)
        icon = '<span class="mh-thumb mh-thumb-none material-symbols-outlined" title="{}">{}</span>'
        return format_html(icon, cover.reason, cover.icon)

    @column("title", ordering="title")
    def named(self, video: Video) -> SafeString:
        star = format_html('<span class="mh-star" title="favorite">{}</span> ', "★")
        return format_html(
            '<span class="mh-named"><b>{}{}</b><span class="mh-path" title="{}">{}</span></span>',
            star if video.favorite else "",
            video.title,
            video.path,
            video.path,
        )

    @column("length", ordering=rising("duration_ms"))
    def length(self, video: Video) -> str:
        return say_duration(video.duration_ms) or "-"

    @column("picture")
    def picture(self, video: Video) -> str:
        if video.missing_since:
            return "missing"
        return f"{resolution_name(video.width, video.height)} {codec_name(video.video_codec)}"

    @column("size", ordering="size_bytes")
    def size(self, video: Video) -> str:
        return say_bytes(video.size_bytes)

    @column("rating", ordering=rising("rating"))
    def stars(self, video: Video) -> str:
        return str(video.rating or "-")

    @column("added", ordering="added_at")
    def added(self, video: Video) -> SafeString:
        ago = say_ago(video.added_at, now=timezone.now())
        return format_html('<span title="{}">{}</span>', f"{video.added_at:%Y-%m-%d %H:%M}", ago)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> type[ModelForm]:
        form = video_form(_custom_fields(), may_add=_may_add(request))
        built: type[ModelForm] = super().get_form(request, *args, form=form, **kwargs)
        return built

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        # A method, because Django's check refuses many-to-many fields with a through by name.
        main = ["title", ("date", "rating"), ("favorite", "organized"), "studio", "tags"]
        sets: list[tuple[Any, Any]] = [
            ("About", {"fields": [*main, "performers", "details", "urls"]})
        ]
        if self.has_change_permission(request, obj):
            if custom := _custom_fields():
                names = [f"{CUSTOM}{field.key}" for field in custom]
                sets.append(("Your own fields", {"fields": names}))
            locks = {"fields": ["locked_fields"], "classes": ["collapse"]}
            sets.append(("Locks", locks))
        return sets

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """The page of a video is where people look at it, so they stay there."""
        messages.success(request, f"{obj} was saved.")
        return redirect(request.get_full_path())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if video := context.get("original"):
            context |= _page_of(video, request) | {"show_save_and_continue": False}
            context["panels"] = self.panels
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response


def _custom_fields() -> list[CustomField]:
    return list(CustomField.objects.order_by("label", "pk"))


def _may_add(request: HttpRequest) -> frozenset[str]:
    """The fields whose labels the user may make while choosing them."""
    return frozenset(
        name
        for name, model in CHIPS.items()
        if request.user.has_perm(f"library.add_{model._meta.model_name}")
    )


def _page_of(video: Any, request: HttpRequest) -> dict[str, Any]:
    """What the page of a video shows beside its form."""
    files = video.files.select_related("library").order_by("missing_since", "-size_bytes", "pk")
    return {
        "cover": cover_of(video, "full"),
        "badges": [
            *([Badge("missing", "warning")] if video.missing_since else []),
            *([Badge("favorite", "primary")] if video.favorite else []),
        ],
        "facts": video_facts(video, now=timezone.now()),
        "custom_values": list(video.custom.items()),
        "files": [file_panel(f, primary=f.pk == video.primary_file_id) for f in files],
        "artifacts": [
            (one.pk, one.get_kind_display(), say_bytes(one.size_bytes), one.message)
            for one in video.artifacts.order_by("kind")
        ],
        "history": recent(video, user=request.user),
    }
