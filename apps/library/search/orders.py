"""The orders of lists of videos."""

from apps.core.api.keyset import Key, Keyset
from apps.core.errors import MediaHubError
from apps.library.models import Video
from apps.query.errors import nearest

# key: (label, column); each is served by an index of Video
ORDERS: dict[str, tuple[str, str]] = {
    "added_at": ("Added", "added_at"),
    "title": ("Title", "title"),
    "duration": ("Length", "duration_ms"),
    "size": ("Size", "size_bytes"),
    "rating": ("Rating", "rating"),
    "date": ("Date", "date"),
    "height": ("Resolution", "height"),
    "bitrate": ("Bitrate", "bitrate"),
    "id": ("Number", "id"),
}
DEFAULT = "-added_at"
_MOST_KEYS = 6


class OrderUnknown(MediaHubError):
    """There is no such key to sort by."""

    code = "ordering"
    status = 400
    field = "ordering"


def order_of(text: str) -> Keyset:
    """The order that ``-rating,duration`` names; the usual one for an empty text.

    Ends in the primary key, in the direction of the key before it, as the indexes do. Raises
    OrderUnknown.
    """
    keys: dict[str, Key] = {}
    for word in (text or DEFAULT).split(","):
        name = word.strip().removeprefix("-")
        if name not in ORDERS:
            raise OrderUnknown(_unknown(name))
        field = Video._meta.get_field(ORDERS[name][1])
        keys.setdefault(name, Key(name, field, descending=word.strip().startswith("-")))  # type: ignore[arg-type]
    if len(keys) > _MOST_KEYS:
        raise OrderUnknown(f"A list is sorted by {_MOST_KEYS} keys at most.")
    if "id" not in keys:
        last = list(keys.values())[-1]
        keys["id"] = Key("id", Video._meta.pk, last.descending)
    return Keyset(tuple(keys.values()))


def _unknown(name: str) -> str:
    close = nearest(name, ORDERS)
    hint = f" Did you mean {close}?" if close else ""
    return f"There is no key “{name}” to sort by.{hint} Known: {', '.join(ORDERS)}."
