"""The forms of studios, tags, performers and invented fields."""

from django import forms
from unfold.widgets import UnfoldAdminColorInputWidget

from apps.core.forms import AuditedForm, LinesField
from apps.library.models import Performer, Studio, Tag


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


class PerformerForm(NamedForm):
    urls = LinesField(
        each=forms.URLField(assume_scheme="https"), label="Web pages", rows=2,
        help_text="One on each line.",
    )  # fmt: skip

    class Meta:
        model = Performer
        fields = "__all__"


class TagForm(NamedForm):
    class Meta:
        model = Tag
        fields = "__all__"
        widgets = {"color": UnfoldAdminColorInputWidget}
