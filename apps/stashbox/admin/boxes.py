"""Stash-boxes."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core.admin import AuditedAdmin
from apps.core.admin.base import column, list_url
from apps.core.forms import changed_values
from apps.stashbox.forms import BoxForm
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.pages.boxes import BoxTestPage, IdentifySettingsPage
from apps.stashbox.pages.draft import DraftPage
from apps.stashbox.pages.giving import GivePage
from apps.stashbox.services.boxes import create_box, delete_box, edit_box


@admin.register(StashBox)
class StashBoxAdmin(AuditedAdmin):
    form = BoxForm
    pages = (BoxTestPage, DraftPage, GivePage, IdentifySettingsPage)
    list_display = [
        "name",
        "address",
        "keyed",
        "enabled",
        "may_submit",
        "pace",
        "position",
        "deeds",
    ]
    ordering = ["position", "pk"]
    fields = [
        "name", "url", "api_key", "forget_key", "requests_per_minute", ("enabled", "may_submit"),
        "allow_private", "position",
    ]  # fmt: skip
    empty_title = "No stash-boxes yet"
    empty_text = "A stash-box, such as StashDB, knows what videos are by their fingerprints."

    @column("address", ordering="url")
    def address(self, box: StashBox) -> SafeString:
        return format_html('<span class="mh-mono">{}</span>', box.url)

    @column("key", boolean=True)
    def keyed(self, box: StashBox) -> bool:
        return bool(box.sealed_key)

    @column("requests a minute", ordering="requests_per_minute")
    def pace(self, box: StashBox) -> str:
        return f"{box.requests_per_minute:,}"

    @column("")
    def deeds(self, box: StashBox) -> SafeString:
        link = '<a class="mh-link" href="{}">{}</a>'
        test = reverse("admin:stashbox_stashbox_test", args=[box.pk])
        found = list_url(StashMatch, box__id__exact=box.pk)
        return format_html_join(" ", link, [(test, "Test"), (found, "Candidates")])

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        return [*columns, "giving"] if request.user.has_perm("stashbox.submit") else columns

    @column("")
    def giving(self, box: StashBox) -> SafeString | str:
        if not box.may_submit:
            return ""
        address = reverse("admin:stashbox_stashbox_give", args=[box.pk])
        return format_html('<a class="mh-link" href="{}">Give back</a>', address)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            create_box(obj, api_key=form.key or "")
            return
        stored = edit_box(
            StashBox.objects.get(pk=obj.pk), changed_values(form), api_key=form.key,
            expected_version=form.cleaned_data.get("version"),
        )  # fmt: skip
        obj.version, obj.sealed_key = stored.version, stored.sealed_key

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_box(obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[StashBox]) -> None:
        for box in queryset:
            delete_box(box)

    def consequence(self, _box: Any) -> str:
        return "its candidates and links go; what they changed stays"
