"""Rules, as a list and one by one."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin import AuditedAdmin
from apps.core.admin.base import change_url, column
from apps.core.models import AuditEntry
from apps.core.units import say_ago
from apps.rules.forms import RuleForm
from apps.rules.models import Rule
from apps.rules.pages import AutoTagPage, TryRulePage
from apps.rules.tasks import request_run


@admin.register(Rule)
class RuleAdmin(AuditedAdmin):
    form = RuleForm
    pages = (AutoTagPage, TryRulePage)
    list_display = ["name", "finds", "enabled", "on_import", "position", "ran", "tried"]
    ordering = ["position", "pk"]
    actions: list[Any] = ["run_now"]
    fields = [
        "name", "query", "add_tags", "add_performers", "changes", ("enabled", "on_import"),
        "position",
    ]  # fmt: skip
    empty_title = "No rules yet"
    empty_text = "A rule gives the videos that a query finds tags, a rating or another value."

    @column("finds")
    def finds(self, rule: Rule) -> SafeString:
        return format_html('<span class="mh-mono">{}</span>', rule.query or "all videos")

    @column("last run", ordering="ran_at")
    def ran(self, rule: Rule) -> SafeString | str:
        if rule.ran_at is None:
            return "-"
        ago = say_ago(rule.ran_at, now=timezone.now())
        if not rule.entry:
            return ago
        url = change_url(AuditEntry, rule.entry)
        return format_html('<a class="mh-link" href="{}">{}</a>', url, ago)

    @column("beforehand")
    def tried(self, rule: Rule) -> SafeString:
        url = reverse("admin:rules_rule_try", args=[rule.pk])
        return format_html('<a class="mh-link" href="{}">Try</a>', url)

    @admin.action(description="Run now", permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        job = request_run(list(queryset.values_list("pk", flat=True)))
        messages.success(request, f"The rules are being run in their order (job {job.pk}).")

    def consequence(self, _rule: Any) -> str:
        return "what it has changed stays"
