from django.db import models


class ArtifactKind(models.TextChoices):
    """What MediaHub derives from a video."""

    COVER = "cover", "Cover"
    SPRITE = "sprite", "Sprite sheet"
    PREVIEW = "preview", "Preview"
    PHASH = "phash", "Perceptual hash"
    HEATMAP = "heatmap", "Heatmap"
    WAVEFORM = "waveform", "Waveform"
    SUBTITLES = "subtitles", "Subtitles"
    CHAPTERS = "chapters", "Chapters"


class ArtifactState(models.TextChoices):
    """``none``: there is nothing to make it of, such as sound for a waveform."""

    MADE = "made"
    NONE = "none"
    FAILED = "failed"


class Grade(models.TextChoices):
    """What a perceptual hash is good for.

    ``standard`` is what Stash computes; ``own`` stands in where Stash has none (the picture ends
    early), for use among one's own videos; ``flat`` (a black or still picture) tells nothing.
    """

    STANDARD = "standard"
    OWN = "own"
    FLAT = "flat"
