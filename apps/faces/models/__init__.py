"""Faces that were found, who they are, and what people said of them.

A ``Track`` is one person's face through one video (or in one picture of a performer); ``Shot`` are
some of the frames that it was seen in; ``TrackVector`` is what an engine makes of it. An
``Identity`` is one person, whether named or not. Pictures and vectors stand in the database: they
are biometric data, and what is wiped is gone with its row.
"""

from apps.faces.models.change import FaceChange, Move, Proposal
from apps.faces.models.identity import Apart, Identity, IdentityVector
from apps.faces.models.settings import FaceLibrary, FaceSettings
from apps.faces.models.track import (
    Appearance,
    Finding,
    PictureFinding,
    Rejection,
    Shot,
    Track,
    TrackVector,
)

__all__ = [
    "Apart",
    "Appearance",
    "FaceChange",
    "FaceLibrary",
    "FaceSettings",
    "Finding",
    "Identity",
    "IdentityVector",
    "Move",
    "PictureFinding",
    "Proposal",
    "Rejection",
    "Shot",
    "Track",
    "TrackVector",
]
