"""What is asked on the pages of markers and of splitting."""

import re
from typing import Any

from django import forms

from apps.markers.services.formats.cue import MOST_BYTES
from apps.markers.services.split_plan import MOST_CUTS
from apps.markers.services.times import NoTime, read_time
from apps.markers.services.transfer import Mode


class ImportForm(forms.Form):
    """A file of markers."""

    file = forms.FileField(label="File", help_text="WebVTT, FFmpeg chapters, JSON or EDL")
    mode = forms.ChoiceField(label="What to do with it", choices=Mode.choices, initial=Mode.ADD)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"The file is larger than {MOST_BYTES:,} bytes.")
        return file


class SplitForm(forms.Form):
    """Where to cut."""

    at = forms.CharField(
        label="Times", required=False, max_length=20_000,
        widget=forms.Textarea(
            attrs={"rows": 2, "class": "mh-text", "placeholder": "1:15.5, 0:12:00, 1500"}
        ),
        help_text="Seconds, m:ss or h:mm:ss, with commas or spaces between them.",
    )  # fmt: skip
    markers = forms.BooleanField(label="At all markers", required=False)
    exact = forms.BooleanField(
        label="Exactly: encode what lies around the cuts anew", required=False
    )
    remove_source = forms.BooleanField(
        label="Delete the file once all pieces are there and checked", required=False
    )

    def clean_at(self) -> list[int]:
        words = re.split(r"[\s,;]+", self.cleaned_data["at"].strip())
        words = [word for word in words if word]
        if len(words) > MOST_CUTS:
            raise forms.ValidationError(f"At most {MOST_CUTS} times.")
        try:
            return [read_time(word) for word in words]
        except NoTime as error:
            raise forms.ValidationError(str(error)) from error
