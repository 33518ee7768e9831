from django.db import models


class ProbeState(models.TextChoices):
    """Whether a file's facts are known."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class Orientation(models.TextChoices):
    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"
    SQUARE = "square"
    NONE = "", "none (audio only)"


class LibraryState(models.TextChoices):
    """What the last scan found at the root."""

    UNKNOWN = "unknown", "not scanned yet"
    ONLINE = "online"
    OFFLINE = "offline"


class FieldKind(models.TextChoices):
    """What a custom field holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag", "Yes or no"


class Gender(models.TextChoices):
    FEMALE = "female"
    MALE = "male"
    TRANSGENDER_FEMALE = "transgender_female"
    TRANSGENDER_MALE = "transgender_male"
    INTERSEX = "intersex"
    NON_BINARY = "non_binary"
