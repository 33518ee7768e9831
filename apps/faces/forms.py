"""The knobs of FaceLab."""

from typing import Any, ClassVar

from django import forms

from apps.core.forms import AuditedForm
from apps.faces.models import FaceSettings

_WORDS: dict[str, tuple[str, str]] = {
    "engine": (
        "Engine",
        (
            "Finds and compares faces. After a change, faces that are known are compared by the "
            "new one as soon as its job has read them again from the kept pictures."
        ),
    ),
    "detector_width_px": (
        "Width for the detector, px",
        (
            "Frames are made this wide to look for faces. Wider finds smaller faces and takes "
            "longer: twice the width, four times the time."
        ),
    ),
    "detector_score": (
        "Least score of a face",
        (
            "0 to 1. What the detector is less sure of is no face. Lower finds more, and more that "
            "aren't faces."
        ),
    ),
    "minimum_size_px": ("Least size, px", "Smaller faces are passed over: they look alike."),
    "minimum_norm": (
        "Least quality (norm)",
        "Faces of which the engine can tell less are passed over: blurred, dark, from the side.",
    ),
    "frames": ("Frames of a video", "Looked at, at most. More finds who appears but shortly."),
    "apply_one_in": (
        "Name unasked: one in",
        (
            "A name is given by itself only if one of so many strangers would be as alike to "
            "anybody who is known. Higher is stricter."
        ),
    ),
    "suggest_one_in": ("Suggest: one in", "The same, for a suggestion that waits for you."),
    "margin": ("Least lead", "By how much the first candidate must lead the second."),
    "join_similarity": (
        "Likeness of one person",
        "0 to 1; faces as alike are one person. Empty: by the size of the library, which is best.",
    ),
    "merge_similarity": (
        "Likeness of groups",
        "0 to 1; groups as alike on average are one person. Empty: by the size of the library.",
    ),
}


class FaceSettingsForm(AuditedForm):
    """All settings of finding, grouping and naming, each with what it means."""

    class Meta:
        model = FaceSettings
        fields = tuple(_WORDS)

    groups: ClassVar[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
        (
            "Finding", ("Videos that were looked through before are looked through again only when "
            "you ask for it on the page Faces."),
            (
                "engine", "detector_width_px", "detector_score", "minimum_size_px",
                "minimum_norm", "frames",
            ),
        ),
        (
            "Naming", "How sure the machine must be.",
            ("apply_one_in", "suggest_one_in", "margin"),
        ),
        ("Grouping", "What belongs together.", ("join_similarity", "merge_similarity")),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (label, words) in _WORDS.items():
            self.fields[name].label, self.fields[name].help_text = label, words
            if isinstance(self.fields[name], forms.FloatField):
                self.fields[name].widget.attrs["step"] = "0.01"

    @property
    def sections(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        return [
            (title, words, [self[name] for name in names]) for title, words, names in self.groups
        ]
