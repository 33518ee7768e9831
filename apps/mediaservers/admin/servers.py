"""Media servers."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core.admin import AuditedAdmin
from apps.core.admin.base import column, list_url
from apps.core.forms import changed_relations, changed_values
from apps.core.units import say_ago
from apps.mediaservers.choices import NoticeState
from apps.mediaservers.forms import MediaServerForm
from apps.mediaservers.models import MediaServer, Notice
from apps.mediaservers.pages import MediaServerTestPage
from apps.mediaservers.services.servers import create_server, delete_server, edit_server

_STATES = {"answers": "success", "fails": "danger", "off": "default", "not asked yet": "info"}


@admin.register(MediaServer)
class MediaServerAdmin(AuditedAdmin):
    form = MediaServerForm
    pages = (MediaServerTestPage,)
    list_display = ["name", "address", "tokened", "condition", "last", "waits", "given_up", "deeds"]
    ordering = ["name", "pk"]
    fields = [
        "name", "kind", "url", "token", "forget_token", "path_map", "libraries",
        ("enabled", "tell_scans"), ("confirm", "allow_private"), "last_exchange",
    ]  # fmt: skip
    readonly_fields = ["last_exchange"]
    empty_title = "No media servers yet"
    empty_text = "Jellyfin, Emby and Plex are told at once which files were replaced or came anew."

    def get_queryset(self, request: HttpRequest) -> QuerySet[MediaServer]:
        servers: QuerySet[MediaServer] = MediaServer.objects.with_counts()
        return servers

    @column("address", ordering="url")
    def address(self, server: MediaServer) -> SafeString:
        return format_html(
            '<span class="mh-named">{}<span class="mh-path">{}</span></span>',
            server.get_kind_display(), server.url,
        )  # fmt: skip

    @column("token", boolean=True)
    def tokened(self, server: MediaServer) -> bool:
        return bool(server.sealed_token)

    @column("state", labels=_STATES)
    def condition(self, server: MediaServer) -> str:
        if not server.enabled:
            return "off"
        if server.failing_since:
            return "fails"
        return "answers" if server.answered_at else "not asked yet"

    @column("last exchange", ordering="asked_at")
    def last(self, server: MediaServer) -> SafeString | str:
        if server.asked_at is None:
            return ""
        ago = say_ago(server.asked_at, now=timezone.now())
        return format_html(
            '<span class="mh-named">{}<span class="mh-quiet">{}</span></span>', ago, server.outcome
        )

    @column("last exchange")
    def last_exchange(self, server: MediaServer) -> str:
        if server.asked_at is None:
            return "It was not asked yet."
        told = f"{say_ago(server.asked_at, now=timezone.now())}: {server.outcome}"
        if server.not_before and server.not_before > timezone.now():
            told += f" It is asked again after {timezone.localtime(server.not_before):%H:%M:%S}."
        return told

    @column("to do", ordering="waiting")
    def waits(self, server: Any) -> SafeString | str:
        return _counted(server, server.waiting, open="yes")

    @column("failed", ordering="failed")
    def given_up(self, server: Any) -> SafeString | str:
        return _counted(server, server.failed, state__exact=NoticeState.FAILED)

    @column("")
    def deeds(self, server: MediaServer) -> SafeString:
        link = '<a class="mh-link" href="{}">{}</a>'
        notices = list_url(Notice, server__id__exact=server.pk)
        return format_html_join(" ", link, [(_test_url(server), "Test"), (notices, "Notices")])

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        related = changed_relations(form)
        if not change:
            create_server(obj, token=form.new_token or "", related=related)
            return
        stored = edit_server(
            MediaServer.objects.get(pk=obj.pk), changed_values(form), token=form.new_token,
            related=related, expected_version=form.cleaned_data.get("version"),
        )  # fmt: skip
        obj.version, obj.sealed_token = stored.version, stored.sealed_token

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_server(obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[MediaServer]) -> None:
        for server in queryset:
            delete_server(server)

    def consequence(self, _server: Any) -> str:
        return "what it was told, and is still to be told, goes too"


def _counted(server: MediaServer, number: int, **filters: Any) -> SafeString | str:
    if not number:
        return ""
    address = list_url(Notice, server__id__exact=server.pk, **filters)
    return format_html('<a class="mh-link" href="{}">{}</a>', address, f"{number:,}")


def _test_url(server: MediaServer) -> str:
    return reverse("admin:mediaservers_mediaserver_test", args=[server.pk])
