"""What people say of faces and of identities. No machine takes any of it back."""

from apps.faces.services.verdicts.of_faces import (
    NoFaces,
    NotPlaced,
    assign,
    clear,
    confirm,
    ignore_tracks,
    not_a_face,
    reject,
)
from apps.faces.services.verdicts.of_identities import (
    IdentityNamed,
    MergedAway,
    NameTaken,
    SameIdentity,
    become,
    create_and_name,
    ignore,
    keep_apart,
    merge,
    name,
    split,
    unname,
)

__all__ = [
    "IdentityNamed",
    "MergedAway",
    "NameTaken",
    "NoFaces",
    "NotPlaced",
    "SameIdentity",
    "assign",
    "become",
    "clear",
    "confirm",
    "create_and_name",
    "ignore",
    "ignore_tracks",
    "keep_apart",
    "merge",
    "name",
    "not_a_face",
    "reject",
    "split",
    "unname",
]
