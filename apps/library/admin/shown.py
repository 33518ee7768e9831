"""What the forms of performers, studios and tags have in common: the videos that belong to one."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin import AuditedAdmin
from apps.core.admin.base import column
from apps.core.admin.shown import recent
from apps.library.forms.merge import MOST_AT_ONCE
from apps.library.models import Video
from apps.library.pages.cards import cards, with_card_facts
from apps.query import Term, Value, show

_SHOWN = 12


def named(field: str, name: str) -> str:
    """The query for the videos of a label."""
    return show(Term(field, ":", (Value(name, quoted=True),)))


class LabelAdmin(AuditedAdmin):
    """A row has videos, which Browse shows when asked by the field ``browse_field``."""

    browse_field: str
    change_form_template = "admin/library/label_change_form.html"
    search_fields = ["name"]  # makes Django show the box; ``get_search_results`` searches
    search_help_text = "Search names"
    ordering = ["-video_count", "pk"]
    actions: list[Any] = ["merge_chosen"]

    @admin.action(description="Merge into…", permissions=["delete"])
    def merge_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        chosen = list(queryset.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            messages.error(request, f"At most {MOST_AT_ONCE} can be merged at once.")
            return None
        return redirect(self.merge_url(chosen))

    def merge_url(self, ids: list[int]) -> str:
        return reverse(f"admin:library_{self.opts.model_name}_merge", query={"id": ids})

    def videos_of(self, row: Any) -> QuerySet[Video]:
        """The videos that belong to a row."""
        videos: QuerySet[Video] = row.videos.all()
        return videos

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By any name, also in the suggestions of other forms."""
        named: Any = queryset
        return named.named(search_term), False

    @column("videos", ordering="video_count")
    def videos_count(self, row: Any) -> SafeString:
        return format_html(
            '<a class="mh-link" href="{}">{}</a>', self.browse_url(row), f"{row.video_count:,}"
        )

    @column("favorite", ordering="favorite")
    def starred(self, row: Any) -> SafeString | str:
        star = '<span class="mh-star"><span aria-hidden="true">★</span>{}</span>'
        spoken = format_html('<span class="mh-spoken">{}</span>', "favorite")
        return format_html(star, spoken) if row.favorite else ""

    def browse_url(self, row: Any) -> str:
        return reverse(
            "admin:library_video_browse", query={"q": named(self.browse_field, row.name)}
        )

    def consequence(self, row: Any) -> str:
        return f"{row.video_count:,} videos lose it; the videos themselves stay"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if row := context.get("original"):
            newest = with_card_facts(self.videos_of(row)).order_by("-added_at", "-pk")[:_SHOWN]
            context |= {
                "cards": cards(newest),
                "browse_url": self.browse_url(row),
                "merge_url": self.has_delete_permission(request, row) and self.merge_url([row.pk]),
                "history": recent(row, user=request.user),
            }
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response
