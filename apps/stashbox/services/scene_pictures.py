"""What the scene of a candidate looks like: fetched once somebody looks at it, kept for a while,
never as it came. It belongs to no row: what is thrown away is fetched again."""

import hashlib

from django.core.cache import caches

from apps.core.outgoing import OutgoingError
from apps.stashbox.choices import Source
from apps.stashbox.models import StashMatch
from apps.stashbox.schema import AnswerRefused, RemoteScene, read_scene
from apps.stashbox.services.pictures import PictureBroken, fetch_anew

_LONGEST_SIDE = 640
_TIMEOUT_S = 8.0  # somebody waits for it
_FAILED_S = 600  # what can't be had now isn't tried again at each look
_FAILED = b""


def has_picture(match: StashMatch, scene: RemoteScene) -> bool:
    """Whether there is one to be fetched. Files beside videos may name any address: of them nothing
    is fetched just because somebody looks at the candidate."""
    asked = match.box is None or match.box.enabled
    return bool(scene.images) and asked and match.source != Source.SIDECAR


def picture_of(match: StashMatch) -> bytes | None:
    """The scene's first picture as a small JPEG; none if there is none, or it can't be had."""
    try:
        scene = read_scene(match.payload)
    except AnswerRefused:
        return None
    if not has_picture(match, scene):
        return None
    near = match.box.url if match.box and match.box.allow_private else ""
    return _cached(scene.images[0].url, private_at=near)


def _cached(address: str, *, private_at: str) -> bytes | None:
    kept = caches["pictures"]
    key = hashlib.blake2b(f"{private_at} {address}".encode(), digest_size=16).hexdigest()
    found: bytes | None = kept.get(key)
    if found is None:
        try:
            found = fetch_anew(
                address, private_at=private_at, longest_side=_LONGEST_SIDE, timeout_s=_TIMEOUT_S
            )
            kept.set(key, found)
        except (OutgoingError, PictureBroken):
            found = _FAILED
            kept.set(key, found, _FAILED_S)
    return found or None
