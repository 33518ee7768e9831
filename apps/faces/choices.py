"""What people say of faces, and what is done with them."""

from django.db import models


class Engine(models.TextChoices):
    """What finds and compares faces. A change of its way is a new name: vectors of two engines are
    never compared."""

    YUNET_SFACE = "yunet-sface-1", "YuNet and SFace"
    YUNET_DLIB = "yunet-dlib-1", "YuNet and dlib"
    HOG_DLIB = "hog-dlib-1", "face_recognition (dlib)"


class Verdict(models.TextChoices):
    """What a person said of a face. No machine changes it."""

    NONE = "", "nothing"
    CONFIRMED = "confirmed", "is this person"
    NOT_A_FACE = "not_a_face", "not a face"
    IGNORED = "ignored", "nobody, ignore"


class Band(models.TextChoices):
    """How sure the machine is of who it is."""

    APPLIED = "applied", "sure"
    SUGGESTED = "suggested", "likely"
    UNKNOWN = "unknown", "unknown"


class Ground(models.TextChoices):
    """Among whom a candidate was looked for."""

    CAST = "cast", "the video's own cast"
    LIBRARY = "library", "everybody known"


class ChangeKind(models.TextChoices):
    """A change of identities that can be undone as a whole."""

    CONFIRM = "confirm", "confirmed"
    REJECT = "reject", "rejected"
    NOT_A_FACE = "not_a_face", "not a face"
    IGNORE = "ignore", "ignored"
    CLEAR = "clear", "verdict taken back"
    ASSIGN = "assign", "moved"
    MERGE = "merge", "merged"
    SPLIT = "split", "split"
    NAME = "name", "named"
    UNNAME = "unname", "name taken away"
    APART = "apart", "kept apart"
    REGROUP = "regroup", "regrouped"
    TAKE = "take", "proposal taken"
    UNDO = "undo", "undone"


class ProposalKind(models.TextChoices):
    """What a regrouping would change where a person has spoken."""

    ASSIGN = "assign", "move faces there"
    MERGE = "merge", "the same person"
    SPLIT = "split", "more than one person"


class ProposalState(models.TextChoices):
    OPEN = "open", "open"
    TAKEN = "taken", "taken"
    REFUSED = "refused", "refused"  # never made again
