"""Markers of all videos."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from apps.core.admin import AuditedAdmin
from apps.core.admin.base import column
from apps.core.units import say_timecode
from apps.library.forms import MarkerForm
from apps.library.models import Marker


@admin.register(Marker)
class MarkerAdmin(AuditedAdmin):
    form = MarkerForm
    list_display = ["named", "video", "start", "end", "tag"]
    list_display_links = ["named"]
    list_filter = [("tag", AutocompleteSelectFilter)]
    search_fields = ["title"]
    search_help_text = "Search titles of markers"
    ordering = ["-pk"]
    autocomplete_fields = ["video", "tag"]
    fields = ["video", "title", ("start_ms", "end_ms"), ("tag", "color")]
    empty_title = "No markers yet"
    empty_text = "A marker names a point or a range in a video. Add one on the video's page."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Marker]:
        markers: QuerySet[Marker] = super().get_queryset(request)
        return markers.select_related("video", "tag")

    @column("marker", ordering="title")
    def named(self, marker: Marker) -> str:
        return marker.title or "Untitled"

    @column("from")
    def start(self, marker: Marker) -> str:
        return say_timecode(marker.start_ms)

    @column("to")
    def end(self, marker: Marker) -> Any:
        return say_timecode(marker.end_ms) if marker.end_ms is not None else "-"
