"""The form of a performer's picture."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from apps.library.models import PerformerImage
from apps.library.services.pictures import PictureRefused, check_picture


class PictureForm(forms.ModelForm):
    """A new upload is stored under a name of our own."""

    class Meta:
        model = PerformerImage
        fields = ("image", "position")
        widgets = {
            "image": forms.FileInput(attrs={"class": "mh-file-input", "aria-label": "Picture"})
        }

    def clean_image(self) -> Any:
        upload = self.cleaned_data["image"]
        if isinstance(upload, UploadedFile):
            try:
                upload.name = check_picture(upload)
            except PictureRefused as error:
                raise forms.ValidationError(str(error)) from error
        return upload
