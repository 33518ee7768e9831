"""How candidates come to be, what becomes of them, and what is done with their fields."""

from django.db import models


class Source(models.TextChoices):
    """Where a candidate is from."""

    FINGERPRINT = "fingerprint", "fingerprints"
    TEXT = "text", "text"
    PERSON = "person", "a person"
    SIDECAR = "sidecar", "a file beside it"
    PAGE = "page", "a web page"


class MatchState(models.TextChoices):
    REVIEW = "review", "to review"
    APPLIED = "applied", "applied"  # being certain
    ACCEPTED = "accepted", "accepted"  # by a person
    REJECTED = "rejected", "rejected"  # by a person: never offered again
    PASSED = "passed", "passed over"  # another candidate was taken, or nobody shall be asked


# what became of a video: its candidate gave it something
TAKEN = (MatchState.APPLIED, MatchState.ACCEPTED)
# that it shall not be offered; both can be opened again
CLOSED = (MatchState.REJECTED, MatchState.PASSED)

# the fields of a video of which candidates say something, as people read them
FIELD_LABELS = {
    "title": "Title", "details": "Details", "date": "Date", "urls": "Addresses",
    "studio": "Studio", "tags": "Tags", "performers": "Performers",
}  # fmt: skip


class FieldPolicy(models.TextChoices):
    """What becomes of a field that has a value already."""

    FILL = "fill", "fill if empty"
    REPLACE = "replace", "replace"
    MERGE = "merge", "merge"  # lists: add what is new; other fields: as fill
    IGNORE = "ignore", "leave alone"


class Unknown(models.TextChoices):
    """What becomes of labels and people that aren't known here."""

    CREATE = "create", "create them"
    SKIP = "skip", "leave them out"


class Kind(models.TextChoices):
    """What a remote id is one of."""

    SCENE = "scene"
    PERFORMER = "performer"
    STUDIO = "studio"
    TAG = "tag"


class Gift(models.TextChoices):
    """What is given to a box."""

    FINGERPRINT = "fingerprint"
    SCENE = "scene", "scene draft"
    PERFORMER = "performer", "performer draft"
