"""Whether a server took in what it was told: that it said yes is no proof."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from apps.mediaservers.choices import ChangeKind, NoticeState, ServerKind
from apps.mediaservers.clients import Client, Found, Known, Place, ServerError, Wanted
from apps.mediaservers.mapping import Mapped
from apps.mediaservers.models import MediaServer, Notice
from apps.mediaservers.services.outcomes import Result

MOST_TELLINGS = 3
_SOON = timedelta(seconds=30)  # for what there was no time to look for
# Jellyfin and Emby gather what they are told for a minute, and Plex begins at once.
_FIRST_LOOK = {
    ServerKind.JELLYFIN: timedelta(seconds=90),
    ServerKind.EMBY: timedelta(seconds=90),
    ServerKind.PLEX: timedelta(seconds=30),
}
_LATER_LOOKS = (timedelta(minutes=3), timedelta(minutes=10))
_MAY_NOT = {"not_allowed", "not_found", "refused"}


def after_telling(server: MediaServer, notice: Notice, mapped: Mapped, *, now: datetime) -> Result:
    """What becomes of a notice that is told now: it is looked up later, if it can be."""
    told = Result(
        notice, NoticeState.TOLD, "Told; not looked up yet.", there=mapped.there, told=True
    )
    if not mapped.whole:
        return replace(told, outcome="Told of its folder: the name is none that can be written.")
    if not server.confirm:
        return replace(told, outcome="Told; it isn't to be looked up.")
    if not _is_video(bytes(notice.path)):
        return replace(told, outcome="Told; only videos can be looked up.")
    return replace(told, next_at=now + _FIRST_LOOK[ServerKind(server.kind)])


def look_up(
    client: Client, server: MediaServer, notices: Sequence[Notice], places: list[Place], *,
    now: datetime,
) -> list[Result]:  # fmt: skip
    """Ask for files that were told, by few requests. Raises ServerError."""
    try:
        found = client.find([Wanted(n.there, n.changed_at) for n in notices], places)
    except ServerError as error:
        if error.reason not in _MAY_NOT:
            raise
        outcome = f"Told; whether it was taken in can't be looked up: {error}"
        return [Result(n, NoticeState.TOLD, outcome, error.reason, looks=n.looks) for n in notices]
    return [_judged(server, notice, found, now=now) for notice in notices]


def _judged(server: MediaServer, notice: Notice, found: Found, *, now: datetime) -> Result:
    path, looks = notice.there, notice.looks
    if path in found.blind:
        outcome = "Told; what this library of the server holds can't be looked up."
        return Result(notice, NoticeState.TOLD, outcome, looks=looks)
    known = found.known.get(path)
    if known is None and path not in found.sought:
        told = NoticeState.TOLD
        return Result(notice, told, notice.outcome, next_at=now + _SOON, looks=looks)
    if lacking := _lacking(notice, known):
        return _not_yet(server, notice, lacking, now=now)
    how = "no longer lists it" if notice.change == ChangeKind.DELETED else "lists it"
    return Result(notice, NoticeState.CONFIRMED, f"{server} {how}.", looks=looks + 1)


def _lacking(notice: Notice, known: Known | None) -> str:
    """In how far a server did not take it in, if it didn't."""
    if notice.change == ChangeKind.DELETED:
        return "still lists the file" if known else ""
    if known is None:
        return "does not list the file"
    sizes = (known.size_bytes, notice.size_bytes)
    other = None not in sizes and sizes[0] != sizes[1]
    return "still lists the file that was there before" if other else ""


def _not_yet(server: MediaServer, notice: Notice, how: str, *, now: datetime) -> Result:
    """Looked up a few times more, then told again; told so three times it has failed."""
    looks = notice.looks + 1
    if looks <= len(_LATER_LOOKS):
        outcome, next_at = f"Told; so far {server} {how}.", now + _LATER_LOOKS[looks - 1]
        return Result(notice, NoticeState.TOLD, outcome, "unseen", next_at, looks=looks)
    if notice.attempts < MOST_TELLINGS:
        outcome = f"{server} {how}, so it is told again."
        return Result(notice, NoticeState.WAITING, outcome, "unseen", now)
    outcome = (
        f"{server} was told {notice.attempts} times, and {how}. "
        "Look there whether its library takes in such files."
    )
    return Result(notice, NoticeState.FAILED, outcome, "unseen", looks=looks)


def _is_video(path: bytes) -> bool:
    extension = os.path.splitext(path)[1].lstrip(b".").decode("ascii", "replace").lower()  # noqa: PTH122
    return extension in settings.MEDIAHUB_EXTENSIONS
