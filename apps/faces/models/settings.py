"""How faces are looked for, and in which libraries."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.core.models import Timestamped, Versioned
from apps.faces.choices import Engine
from apps.library.models import Library


class FaceSettings(Timestamped, Versioned):
    """How faces are found, grouped and named. There is one row (``services.settings``)."""

    engine = models.CharField(max_length=20, choices=Engine, default=Engine.YUNET_SFACE)
    detector_width_px = models.PositiveSmallIntegerField(
        default=640, validators=[MinValueValidator(160), MaxValueValidator(1_920)],
        help_text="frames are made this wide to look for faces in them",
    )  # fmt: skip
    detector_score = models.FloatField(
        default=0.8, validators=[MinValueValidator(0.1), MaxValueValidator(0.99)],
        help_text="what the detector is less sure of is no face",
    )  # fmt: skip
    minimum_size_px = models.PositiveSmallIntegerField(
        default=28, validators=[MinValueValidator(10), MaxValueValidator(500)],
        help_text="smaller faces are passed over",
    )  # fmt: skip
    minimum_norm = models.FloatField(
        default=9.0, validators=[MinValueValidator(0), MaxValueValidator(30)],
        help_text="faces of which the engine can tell less are passed over",
    )  # fmt: skip
    frames = models.PositiveSmallIntegerField(
        default=240, validators=[MinValueValidator(5), MaxValueValidator(2_000)],
        help_text="looked at in one video, at most",
    )  # fmt: skip
    apply_one_in = models.PositiveIntegerField(
        default=1_000, validators=[MinValueValidator(10)],
        help_text="a name is given unasked if only one of so many strangers would be as alike to "
        "anybody who is known",
    )  # fmt: skip
    suggest_one_in = models.PositiveIntegerField(
        default=20, validators=[MinValueValidator(2)], help_text="a name is suggested"
    )
    margin = models.FloatField(
        default=0.05, validators=[MinValueValidator(0), MaxValueValidator(0.5)],
        help_text="likeness by which the first candidate must lead the second",
    )  # fmt: skip
    join_similarity = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0.05), MaxValueValidator(0.99)],
        help_text="faces as alike are one person; empty: by the size of the library",
    )  # fmt: skip
    merge_similarity = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0.05), MaxValueValidator(0.99)],
        help_text="groups as alike on average are one person; empty: by the library's size",
    )  # fmt: skip

    class Meta:
        verbose_name = verbose_name_plural = "face settings"
        permissions = [
            ("find", "Can have faces looked for and grouped"),
            ("wipe", "Can wipe what is known of faces"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="faces_settings_one"),
            models.CheckConstraint(
                condition=Q(suggest_one_in__lte=F("apply_one_in")),
                name="faces_settings_levels",
                violation_error_message="What is applied must be surer than what is suggested.",
            ),
        ]

    def __str__(self) -> str:
        return "Faces"


class FaceLibrary(Timestamped, Versioned):
    """Whether faces are looked for in a library: not, unless it has a row that says so."""

    library = models.OneToOneField(
        Library, models.CASCADE, primary_key=True, related_name="face_library"
    )
    enabled = models.BooleanField(default=False, help_text="look for faces in this library")
    apply_names = models.BooleanField(
        default=True, help_text="put performers on its videos when the machine is sure of them"
    )

    class Meta:
        verbose_name = "library with faces"
        verbose_name_plural = "libraries with faces"

    def __str__(self) -> str:
        return str(self.library)
