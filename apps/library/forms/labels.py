"""The forms of studios, tags, performers and invented fields."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple

from apps.core.forms import AuditedForm, ColorWidget, LinesField
from apps.library.models import Performer, Studio, Tag
from apps.library.services.studios import StudioCycle, check_parent
from apps.library.services.tags import TagCycle, check_parents


class NamedForm(AuditedForm):
    """A thing with other names, one on each line."""

    aliases = LinesField(label="Other names", rows=2, help_text="One on each line.")


class StudioForm(NamedForm):
    urls = LinesField(
        each=forms.URLField(assume_scheme="https"), label="Web pages", rows=2,
        help_text="One on each line.",
    )  # fmt: skip

    class Meta:
        model = Studio
        fields = "__all__"

    def clean_parent(self) -> Any:
        parent = self.cleaned_data["parent"]
        if self.instance.pk and parent:
            try:
                check_parent(self.instance, parent)
            except StudioCycle as error:
                raise forms.ValidationError(str(error)) from error
        return parent


class PerformerForm(NamedForm):
    urls = LinesField(
        each=forms.URLField(assume_scheme="https"), label="Web pages", rows=2,
        help_text="One on each line.",
    )  # fmt: skip

    class Meta:
        model = Performer
        fields = "__all__"


class TagForm(NamedForm):
    parents = forms.ModelMultipleChoiceField(
        Tag.objects.all(), label="Belongs to", required=False,
        help_text="Tags that include this one. Whoever looks for them finds its videos, too.",
    )  # fmt: skip

    class Meta:
        model = Tag
        fields = "__all__"
        widgets = {"color": ColorWidget(attrs={"placeholder": "#2b7bb9"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parents: Any = self.fields["parents"]
        attrs = {"data-theme": "admin-autocomplete"}
        relation: Any = Tag._meta.get_field("parents")
        parents.widget = AutocompleteSelectMultiple(relation, admin.site, attrs=attrs)
        parents.widget.choices = parents.choices

    def clean_parents(self) -> Any:
        parents = self.cleaned_data["parents"]
        if self.instance.pk:
            try:
                check_parents(self.instance, parents)
            except TagCycle as error:
                raise forms.ValidationError(str(error)) from error
        return parents
