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


class Question(models.TextChoices):
    """What a scan stopped at and asks a person; nothing in the library was changed over it."""

    NONE = "", "none"
    GONE = "gone", "many files are gone"
    OTHER_DISK = "other_disk", "another disk, or none, is mounted at the root"


class WatchState(models.TextChoices):
    """Whether changes in a library are seen as they happen."""

    OFF = "off", "not watched"
    STARTING = "starting"
    WATCHING = "watching"
    NO_EVENTS = "no_events", "no events from this file system: scanned on a schedule"
    LIMITED = "limited", "the kernel allows too few watches"
    LOST = "lost", "the root can't be reached"


BLIND = (WatchState.NO_EVENTS, WatchState.LIMITED)  # scanned on a schedule instead


class Integrity(models.TextChoices):
    """What the last reading of a file's content came to."""

    UNKNOWN = "", "not checked yet"
    GOOD = "good"
    CHANGED = "changed", "changed since it was scanned"
    ROT = "rot", "other bytes under the same size and time: rot"
    DAMAGED = "damaged", "can't be decoded without errors"
    UNREADABLE = "unreadable", "could not be read"


class ScanKind(models.TextChoices):
    """What began a scan, and what it looked at."""

    SCAN = "scan"
    PROBE = "probe", "chosen files again"
    WATCH = "watch", "what the watch saw change"


class Refresh(models.TextChoices):
    """What of a file is read anew, when a person asks for less than everything."""

    SIZE = "size", "size and time"
    DURATION = "duration", "duration"
    FACTS = "facts", "all facts of the probe"
    FINGERPRINTS = "fingerprints", "oshash and content"
    MD5 = "md5", "the whole file's checksum"


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
