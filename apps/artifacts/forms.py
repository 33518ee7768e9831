from django import forms

from apps.artifacts.choices import ArtifactKind
from apps.library.models import Library

_DEEDS = ("make", "retry", "clean", "search")


class CoverageForm(forms.Form):
    """What a button of the coverage page asks for."""

    deed = forms.ChoiceField(choices=[(name, name) for name in _DEEDS])
    library = forms.ModelChoiceField(Library.objects.all(), required=False)
    kind = forms.ChoiceField(choices=[("", "all"), *ArtifactKind.choices], required=False)
    reason = forms.CharField(max_length=40, required=False)
