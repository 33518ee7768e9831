"""What forms of several apps share: the check for stale edits, and fields of several lines."""

import re
from collections.abc import Iterable
from copy import copy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.core.changes import said_of
from apps.core.models import AuditEntry

_COLOR_PICKER = (
    '<span class="mh-color">{}<input type="color" data-color aria-label="{}" '
    'class="mh-color-picker"></span>'
)


class AuditedForm(forms.ModelForm):
    """Carries the version that was read, and refuses once when the row has changed since.

    The refusal says what somebody else changed; saved again, the form's own values win.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = getattr(self.instance, "version", None)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        read, stored = cleaned.get("version"), getattr(self.instance, "version", None)
        if self.instance.pk and read is not None and read != stored:
            data: Any = copy(self.data)
            data[self.add_prefix("version")] = str(stored)
            self.data = data
            raise ValidationError(_what_happened(self.instance, since=read), code="stale_edit")
        return cleaned


class LinesField(forms.Field):
    """A list of texts, one on each line; blank lines don't count."""

    widget = UnfoldAdminTextareaWidget

    def __init__(self, *, each: forms.Field | None = None, rows: int = 3, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(widget=UnfoldAdminTextareaWidget(attrs={"rows": rows}), **kwargs)
        self.each = each or forms.CharField(max_length=300)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:
        lines = value.splitlines() if isinstance(value, str) else value or []
        return [line.strip() for line in lines if line.strip()]

    def clean(self, value: Any) -> list[str]:
        lines = self.to_python(value)
        self.validate(lines)
        return [self._clean_line(number, line) for number, line in enumerate(lines, start=1)]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)

    def _clean_line(self, number: int, line: str) -> str:
        try:
            return str(self.each.clean(line))
        except ValidationError as error:
            raise ValidationError(f"Line {number}: {' '.join(error.messages)}") from error


class WordsField(LinesField):
    """A list of short texts with spaces or commas between."""

    def prepare_value(self, value: Any) -> Any:
        return " ".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:
        return super().to_python(re.split(r"[\s,]+", value) if isinstance(value, str) else value)


class ColorWidget(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """A text such as ``#2b7bb9``, which may stay empty, with the browser's picker beside it."""

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        text = super().render(*args, **kwargs)
        return format_html(_COLOR_PICKER, text, "Pick a colour")


def changed_values(form: forms.ModelForm) -> dict[str, Any]:
    """The columns that a valid form changes."""
    return _changed(form, {f.name for f in form._meta.model._meta.fields if f.editable})


def changed_relations(form: forms.ModelForm) -> dict[str, Iterable[models.Model]]:
    """The many-to-many sets that a valid form changes."""
    return _changed(form, {f.name for f in form._meta.model._meta.many_to_many})


def _changed(form: forms.ModelForm, names: set[str]) -> dict[str, Any]:
    changed = names.intersection(form.changed_data)
    return {name: value for name, value in form.cleaned_data.items() if name in changed}


def _what_happened(instance: models.Model, *, since: int) -> str:
    """What others changed after version ``since``, in one sentence, and what can be done."""
    later = getattr(instance, "version") - since  # noqa: B009 - only versioned rows come here
    entries = list(AuditEntry.objects.about(instance).select_related("user")[: max(later, 0)])
    who = ", ".join(dict.fromkeys(str(e.user) if e.user else "a job" for e in entries))
    fields = dict.fromkeys(name for entry in entries for name in said_of(entry))
    told = ", ".join(name.replace("_", " ") for name in fields)
    return (
        f"{who or 'Somebody else'} changed this meanwhile{f' ({told})' if told else ''}, "
        "so nothing was saved. Save again to put your values in place of theirs, "
        "or reload the page to see theirs and drop yours."
    )
