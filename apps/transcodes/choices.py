from django.db import models


class Place(models.TextChoices):
    """Where a finished file goes."""

    REPLACE = "replace", "In place of the source, which goes to the trash"
    ADD = "add", "Beside the source, as a further file of the video"
    BESIDE = "beside", "Beside the source, as a video of its own"
    TREE = "tree", "Below another folder, in the same order"


class HardLinks(models.TextChoices):
    """What becomes of a source that has other names, which would keep the old content."""

    REPLACE = "replace", "Replace this name; the others keep the old content"
    SKIP = "skip", "Leave such files alone"


class Outcome(models.TextChoices):
    """How a transcode ended; until then its job says how it is."""

    OPEN = "", "not ended"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RESTORED = "restored", "undone: the source is back"


class Step(models.TextChoices):
    """The journal: written before the next thing is done to files, so that a kill can be told."""

    NONE = "", "nothing yet"
    WRITING = "writing", "the draft is being written"
    CHECKED = "checked", "the draft is whole, and proven"
    PLACING = "placing", "names are being changed"
    PLACED = "placed", "the new file stands in its place"
    RESTORING = "restoring", "names are being changed back"
    RESTORED = "restored", "the source is back"
