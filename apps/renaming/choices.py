"""How far a renaming is, and why a file keeps its name."""

from django.db import models


class BatchState(models.TextChoices):
    PLANNING = "planning", "being planned"
    READY = "ready", "planned: nothing was renamed yet"
    RUNNING = "running", "under way"
    DONE = "done"


class RenameState(models.TextChoices):
    """``parking`` and ``parked``: two files swap names, so that one steps aside first."""

    PLANNED = "planned"
    REFUSED = "refused", "left alone"
    PARKING = "parking"
    PARKED = "parked"
    MOVING = "moving"
    DONE = "done", "renamed"
    FAILED = "failed"
    UNDONE = "undone", "renamed back"


OPEN = (RenameState.PLANNED, RenameState.PARKING, RenameState.PARKED, RenameState.MOVING)


class Reason(models.TextChoices):
    """Why a file was left alone, or could not be renamed."""

    SAME_NAME = "same_name", "another one of them would get the same name"
    TAKEN = "taken", "a file of this name is there already"
    MISSING_THERE = "missing_there", "a missing file of the catalogue had this name"
    NO_NAME = "no_name", "nothing would be left of the name"
    TOO_LONG = "too_long", "the path would be too long"
    LEFT_OUT = "left_out", "the library's rules would leave it out"
    MISSING = "missing", "the file is missing"
    MOVED_SINCE = "moved_since", "it was moved or renamed since"
    GONE = "gone", "the file is no longer there"
    ANOTHER_FILE = "another_file", "another file is in its place"
    LINK = "link", "a folder on the way is a link"
    OTHER_DISK = "other_disk", "the folder is on another disk"
    CANNOT = "cannot", "this disk can't rename without a risk of overwriting"
    FORBIDDEN = "forbidden", "the disk doesn't allow it"
    NO_SPACE = "no_space", "the disk is full"
    ERROR = "error", "the disk reported an error"
