"""What people type about rules."""

import json
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.core.errors import MediaHubError
from apps.core.forms import AuditedForm
from apps.library.forms.video import ManyChips
from apps.library.models import Performer, Studio, Tag
from apps.rules.models import AutoTagSettings, Rule
from apps.rules.services.rules import check_rule


class RuleForm(AuditedForm):
    """Which videos and, in the words of the API, what they get; common changes have boxes."""

    add_tags = forms.ModelMultipleChoiceField(
        Tag.objects.all(), required=False, widget=ManyChips("tags"), label="Add tags"
    )
    add_performers = forms.ModelMultipleChoiceField(
        Performer.objects.all(), required=False, widget=ManyChips("performers"),
        label="Add performers",
    )  # fmt: skip
    changes = forms.JSONField(
        required=False, label="Further changes",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text='As in the API, such as {"rating": 80, "tags": {"remove": [7]}}.',
    )  # fmt: skip

    class Meta:
        model = Rule
        fields = ("name", "query", "changes", "enabled", "on_import", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        changes = json.loads(json.dumps(self.instance.changes or {}))
        for name, box in _BOXES.items():
            links = changes.get(name, {})
            if box in self.fields and set(links) == {"add"}:
                self.fields[box].initial = links["add"]
                del changes[name]
        self.initial["changes"] = changes
        self.fields["query"].widget = UnfoldAdminTextareaWidget(attrs={"rows": 2})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        changes = dict(cleaned.get("changes") or {})
        for name, box in _BOXES.items():
            if chosen := sorted(row.pk for row in cleaned.get(box) or ()):
                links = dict(changes.get(name) or {})
                links["add"] = sorted({*links.get("add", []), *chosen})
                changes[name] = links
        try:
            cleaned["query"] = check_rule(cleaned.get("query", ""), changes)
        except MediaHubError as error:
            field = "query" if getattr(error, "field", "") == "q" else "changes"
            self.add_error(field, str(error))
        return {**cleaned, "changes": changes}

    @property
    def changed_data(self) -> list[str]:
        """What the boxes say stands in one column."""
        own: list[str] = forms.ModelForm.changed_data.func(self)  # type: ignore[attr-defined]
        plain = [name for name in own if name not in _BOXES.values()]
        return plain if len(plain) == len(own) else [*{*plain, "changes"}]


_BOXES = {"tags": "add_tags", "performers": "add_performers"}


class AutoTagForm(AuditedForm):
    ignored_tags = forms.ModelMultipleChoiceField(
        Tag.objects.all(), required=False, widget=ManyChips("tags"), label="Never these tags"
    )
    ignored_performers = forms.ModelMultipleChoiceField(
        Performer.objects.all(), required=False, widget=ManyChips("performers"),
        label="Never these performers",
    )  # fmt: skip
    ignored_studios = forms.ModelMultipleChoiceField(
        Studio.objects.all(), required=False, widget=ManyChips("studio"),
        label="Never these studios",
    )  # fmt: skip

    class Meta:
        model = AutoTagSettings
        fields = (
            "tags", "performers", "studios", "where", "least_letters", "on_import",
            "ignored_tags", "ignored_performers", "ignored_studios",
        )  # fmt: skip
