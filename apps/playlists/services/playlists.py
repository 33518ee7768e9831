"""Making, changing and deleting playlists."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.core import audit
from apps.core.errors import Conflict, MediaHubError
from apps.library.search import Asker, Question, order_of
from apps.playlists.choices import PlaylistKind
from apps.playlists.models import MOST_VIDEOS, Playlist
from apps.playlists.search import named_in
from apps.playlists.services.contents import contents_of
from apps.playlists.services.items import add_found

_ASKING = {"query": "", "ordering": "", "limit": None}


class PlaylistCycle(Conflict):
    """A smart playlist would ask, by way of others or at once, for itself; nothing was written."""

    code = "playlist_cycle"


class AsksNothing(MediaHubError):
    """A query, an order or a limit was given for a playlist that is filled by hand."""

    code = "manual_playlist"


class KindSettled(MediaHubError):
    """A playlist stays manual or smart; nothing was written."""

    code = "kind_settled"


@transaction.atomic
def create_playlist(playlist: Playlist, *, asker: Asker) -> Playlist:
    """Save a new playlist. Raises AsksNothing, PlaylistCycle and the errors of queries."""
    values = {name: getattr(playlist, name) for name in _ASKING}
    _check(playlist, values, asker=asker)
    for name, value in values.items():
        setattr(playlist, name, value)
    return audit.create(playlist)


@transaction.atomic
def edit_playlist(
    playlist: Playlist,
    values: Mapping[str, Any],
    *,
    asker: Asker,
    expected_version: int | None = None,
) -> Playlist:
    """Change what is named. Raises as ``create_playlist`` does, KindSettled, StaleEdit, RowGone."""
    if values.get("kind", playlist.kind) != playlist.kind:
        raise KindSettled("A playlist stays what it is: make a copy of it instead.")
    asked = {name: values.get(name, getattr(playlist, name)) for name in _ASKING}
    _check(playlist, asked, asker=asker, name=values.get("name", playlist.name))
    written = {**values, **{name: asked[name] for name in _ASKING if name in values}}
    return audit.update(playlist, written, expected_version=expected_version)


def delete_playlist(playlist: Playlist, *, expected_version: int | None = None) -> None:
    """Raises StaleEdit, RowGone. The videos stay."""
    audit.delete(playlist, expected_version=expected_version)


@transaction.atomic
def copy_playlist(playlist: Playlist, *, owner_id: int, asker: Asker) -> Playlist:
    """A manual playlist of one's own with the videos that another one has now, in their order.

    Raises PlaylistFull and the errors of queries.
    """
    copy = Playlist(
        owner_id=owner_id, name=_free_name(playlist.name, owner_id),
        description=playlist.description,
    )  # fmt: skip
    create_playlist(copy, asker=asker)
    add_found(copy, contents_of(playlist, asker=asker).in_order()[:MOST_VIDEOS])
    copy.refresh_from_db()
    return copy


def _free_name(name: str, owner_id: int) -> str:
    """The name, or the first of ``name (2)``, ``name (3)``… that its owner hasn't used."""
    mine = Playlist.objects.filter(owner_id=owner_id)
    taken = {one.lower() for one in mine.values_list("name", flat=True)}
    free, number = name, 1
    while free.lower() in taken:
        number += 1
        free = f"{name[:190]} ({number})"
    return free


def _check(
    playlist: Playlist, asked: dict[str, Any], *, asker: Asker, name: str | None = None
) -> None:
    """Leaves the query in its plainest form in ``asked``."""
    if playlist.kind == PlaylistKind.MANUAL:
        if any(asked[field] != nothing for field, nothing in _ASKING.items()):
            raise AsksNothing("Only a smart playlist has a query, an order or a limit.")
        return
    _check_cycles(playlist, asked["query"], asker=asker, name=name or playlist.name)
    asked["query"] = Question.read(asked["query"], asker=asker).text
    if asked["ordering"]:
        order_of(asked["ordering"])


def _check_cycles(playlist: Playlist, query: str, *, asker: Asker, name: str) -> None:
    """Follows the names in the query, and in the queries of those that they mean."""
    to_ask, seen = [query], set()
    visible = Playlist.objects.visible_to(asker.user_id).filter(kind=PlaylistKind.SMART)
    others = visible.exclude(pk=playlist.pk)
    while to_ask:
        for wanted in named_in(to_ask.pop()):
            if wanted == name.lower():
                raise PlaylistCycle(
                    f"{name} would ask for itself: its query, or a playlist in it, names {name}."
                )
            if wanted not in seen:
                seen.add(wanted)
                to_ask.extend(others.called(wanted).values_list("query", flat=True))
