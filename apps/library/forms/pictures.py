"""Uploaded pictures: a few harmless formats, of a bearable size."""

from typing import Any
from uuid import uuid4

from django import forms

from apps.library.models import PerformerImage

PICTURE_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
}
_FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
_MOST_BYTES = 20_000_000
_MOST_PIXELS = 50_000_000


class PictureForm(forms.ModelForm):
    """A picture is stored under a name of our own, which ends in what it really is."""

    class Meta:
        model = PerformerImage
        fields = ("image", "position")
        widgets = {
            "image": forms.FileInput(attrs={"class": "mh-file-input", "aria-label": "Picture"})
        }

    def clean_image(self) -> Any:
        upload = self.cleaned_data["image"]
        picture = getattr(upload, "image", None)  # set by Django's own check of a new upload
        if picture is None:
            return upload
        if upload.size > _MOST_BYTES:
            raise forms.ValidationError("The picture is larger than 20 MB.")
        if picture.format not in _FORMATS:
            raise forms.ValidationError("Pictures have to be JPEG, PNG or WebP.")
        if picture.width * picture.height > _MOST_PIXELS:
            raise forms.ValidationError("The picture has more than 50 megapixels.")
        upload.name = f"{uuid4().hex}.{_FORMATS[picture.format]}"
        return upload
