"""Which performer, studio or tag here is one of a box's: by its remote id, by its name, or new."""

from apps.stashbox.services.linking.find import find
from apps.stashbox.services.linking.labels import MODELS, Key, Label, Labels, Wanted, key_of
from apps.stashbox.services.linking.make import find_or_make, make_performer
from apps.stashbox.services.linking.people import hold_people, link, unlink

__all__ = [
    "MODELS",
    "Key",
    "Label",
    "Labels",
    "Wanted",
    "find",
    "find_or_make",
    "hold_people",
    "key_of",
    "link",
    "make_performer",
    "unlink",
]
