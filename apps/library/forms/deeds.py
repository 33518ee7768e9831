"""What is asked of files: to be forgotten, to be read again, to be explained."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.library.choices import Refresh
from apps.library.models import File, Library

_MOST_IDS = 1_000
_INPUT = {"class": "mh-text"}


class FilesForm(forms.Form):
    """Files by their ids, a page's worth or so."""

    file = forms.ModelMultipleChoiceField(
        File.objects.select_related("library").only("path", "library", "missing_since"),
        required=False, widget=forms.MultipleHiddenInput,
    )  # fmt: skip

    def clean_file(self) -> Any:
        files = self.cleaned_data["file"]
        if len(files) > _MOST_IDS:
            raise forms.ValidationError(f"At most {_MOST_IDS:,} files at once.")
        return files


class ForgetForm(FilesForm):
    """Which missing files: chosen ones, or a library's."""

    library = forms.ModelChoiceField(
        Library.objects.all(), required=False, widget=forms.HiddenInput
    )
    days = forms.IntegerField(
        label="Missing for at least so many days", required=False, min_value=0, max_value=36_500,
        widget=forms.NumberInput(attrs={**_INPUT, "placeholder": "0"}),
    )  # fmt: skip
    path = forms.CharField(
        label="Only below", required=False, max_length=4_096,
        widget=forms.TextInput(attrs={**_INPUT, "placeholder": "a folder of the library"}),
    )  # fmt: skip
    until = forms.DateTimeField(required=False, widget=forms.HiddenInput)


class ReadAgainForm(FilesForm):
    """What of the files is read anew; nothing chosen means everything."""

    refresh = forms.MultipleChoiceField(
        label="What to read", required=False, choices=Refresh.choices,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip


class WhyForm(forms.Form):
    path = forms.CharField(
        label="Path of the file", max_length=8_192, strip=False,
        widget=UnfoldAdminTextInputWidget(
            attrs={"placeholder": "/path/to/a/file.mp4", "autocomplete": "off"}
        ),
    )  # fmt: skip
