"""The forms of a video and of the markers in it."""

import re
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.utils.functional import cached_property
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminNullBooleanSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from apps.core.forms import AuditedForm, LinesField
from apps.core.units import say_timecode
from apps.library.choices import FieldKind
from apps.library.models import CustomField, Marker, Performer, Studio, Tag, Video
from apps.library.services.videos import LOCKABLE

CUSTOM = "custom__"
_TIMECODE = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,2}):)?(\d{1,8}(?:\.\d{1,3})?)")


CHIPS = {"tags": Tag, "performers": Performer, "studio": Studio}


class _Chips:
    """What is chosen, as a plain list; a script puts chips with completion in its place.

    Without script it stays, and what is in it can be taken off.
    """

    def __init__(self, name: str) -> None:
        """``name`` of the video's field that takes such labels."""
        field: Any = Video._meta.get_field(name)
        kind = str(field.related_model._meta.verbose_name_plural)
        super().__init__(field, admin.site, attrs={"data-label-chips": kind})  # type: ignore[call-arg]

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        """Without what would make it the admin's own picker."""
        return {**base_attrs, **(extra_attrs or {}), "class": "mh-select"}

    @property
    def media(self) -> forms.Media:
        script: Any = forms.Script("mediahub/label-chips-form.js", type="module")
        return forms.Media(css={"all": ["mediahub/label-chips.css"]}, js=[script])


class ManyChips(_Chips, AutocompleteSelectMultiple):
    """Any number of labels."""


class OneChip(_Chips, AutocompleteSelect):
    """One label or none."""


class VideoForm(AuditedForm):
    """What people know about a video; the facts come from its files.

    ``may_add`` names the fields whose labels the user may make while choosing them.
    """

    may_add: ClassVar[frozenset[str]] = frozenset()

    studio = forms.ModelChoiceField(Studio.objects.all(), required=False, widget=OneChip("studio"))
    tags = forms.ModelMultipleChoiceField(
        Tag.objects.all(), required=False, widget=ManyChips("tags"),
        help_text="A tag includes its children. New ones are made at once.",
    )  # fmt: skip
    performers = forms.ModelMultipleChoiceField(
        Performer.objects.all(), required=False, widget=ManyChips("performers")
    )
    urls = LinesField(
        each=forms.URLField(assume_scheme="https"), label="Web pages", rows=2,
        help_text="One on each line.",
    )  # fmt: skip
    locked_fields = forms.MultipleChoiceField(
        label="Locked", required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget,
        choices=[(name, name.capitalize()) for name in LOCKABLE],
        help_text="No scan or import changes a locked field.",
    )  # fmt: skip

    class Meta:
        model = Video
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.may_add & set(self.fields):
            self.fields[name].widget.attrs["data-may-add"] = ""
        for name in self._custom_names:
            self.fields[name].initial = self.instance.custom.get(name.removeprefix(CUSTOM))

    @cached_property
    def changed_data(self) -> list[str]:
        """Invented fields stand in one column, ``custom``."""
        changed: list[str] = forms.ModelForm.changed_data.func(self)  # type: ignore[attr-defined]
        plain = [name for name in changed if not name.startswith(CUSTOM)]
        return plain if plain == changed else [*plain, "custom"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        values = {n.removeprefix(CUSTOM): _plain(cleaned.get(n)) for n in self._custom_names}
        kept = {k: v for k, v in self.instance.custom.items() if k not in values}
        known = {key: value for key, value in values.items() if value not in (None, "")}
        return {**cleaned, "custom": {**kept, **known}}

    @property
    def _custom_names(self) -> list[str]:
        return [name for name in self.fields if name.startswith(CUSTOM)]


def video_form(
    fields: list[CustomField], *, may_add: frozenset[str] = frozenset()
) -> type[VideoForm]:
    """The form with a field for each of those that people invented."""
    invented = {f"{CUSTOM}{field.key}": _custom_field(field) for field in fields}
    return type("VideoForm", (VideoForm,), {**invented, "may_add": may_add})


class TimecodeField(forms.Field):
    """A place in a video: seconds, ``m:ss`` or ``h:mm:ss``, with up to three decimals."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return say_timecode(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        match = _TIMECODE.fullmatch(str(value).strip())
        if not match:
            raise forms.ValidationError("Write a time such as 75.5, 1:15.5 or 0:01:15.500.")
        hours, minutes, seconds = match.groups(default="0")
        return round((int(hours) * 3_600 + int(minutes) * 60 + float(seconds)) * 1_000)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except forms.ValidationError:
            return True


class MarkerForm(AuditedForm):
    start_ms = TimecodeField(label="from")
    end_ms = TimecodeField(label="to", required=False)
    color = forms.RegexField(
        r"^#[0-9a-fA-F]{6}\Z", label="colour", required=False, max_length=7,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "#ff8800", "size": 8}),
        error_messages={"invalid": "Write a colour such as #ff8800."},
    )  # fmt: skip

    class Meta:
        model = Marker
        fields = ("video", "title", "start_ms", "end_ms", "tag", "color")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        start, end = cleaned.get("start_ms"), cleaned.get("end_ms")
        if start is not None and end is not None and end <= start:
            self.add_error("end_ms", "A marker has to end after it starts.")
        return cleaned


def _custom_field(field: CustomField) -> forms.Field:
    shared: dict[str, Any] = {"label": field.label, "required": False}
    match field.kind:
        case FieldKind.NUMBER:
            return forms.FloatField(**shared, widget=UnfoldAdminDecimalFieldWidget)
        case FieldKind.DATE:
            return forms.DateField(**shared, widget=UnfoldAdminSingleDateWidget)
        case FieldKind.FLAG:
            return forms.NullBooleanField(**shared, widget=UnfoldAdminNullBooleanSelectWidget)
        case _:
            return forms.CharField(**shared, max_length=1_000, widget=UnfoldAdminTextInputWidget)


def _plain(value: Any) -> Any:
    """As JSON holds it."""
    return value.isoformat() if isinstance(value, date) else value
