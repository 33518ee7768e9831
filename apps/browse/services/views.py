"""Saved views: whose they are, keeping them, and how many videos the pinned ones show."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.cache import cache
from django.db.models import Q, QuerySet

from apps.browse.models import SavedView
from apps.core import audit
from apps.core.counting import RowCount, count_rows
from apps.core.errors import Conflict, MediaHubError
from apps.library.models import Video
from apps.library.search import Asker, Question
from apps.library.search.ranking import in_order

MOST_PINNED = 20  # of one person's in each place
COUNT_KEPT_S = 60
_COUNT_CAP = 10_000
_COUNT_COST = 20_000.0  # of PostgreSQL's planner: beyond it its own estimate is shown


class ViewNotYours(MediaHubError):
    """Only who made a view may change it, and superusers."""

    code = "view_not_yours"
    status = 403


class ViewNameTaken(Conflict):
    """The person has another view of this name."""

    code = "duplicate"
    field = "name"


class TooManyPinned(Conflict):
    """A sidebar or a dashboard can hold only so many views."""

    code = "too_many_pinned"


def views_for(user: AbstractBaseUser) -> "QuerySet[SavedView]":
    """The views that a person may use: their own and those that are shared."""
    return SavedView.objects.filter(Q(owner_id=user.pk) | Q(shared=True)).select_related("owner")


def may_change(view: SavedView, user: Any) -> bool:
    """Whether a person may change, share and delete a view."""
    return bool(view.owner_id == user.pk or user.is_superuser)


def create_view(user: AbstractBaseUser, values: Mapping[str, Any], *, now: datetime) -> SavedView:
    """Keep a new view of a person's own.

    Raises QueryError and OrderUnknown for what can't be shown, ViewNameTaken, TooManyPinned.
    """
    view = SavedView(owner_id=user.pk, **values)
    _check(view, values, Asker(user.pk, now))
    return audit.create(view)


def change_view(
    view: SavedView,
    values: Mapping[str, Any],
    *,
    by: AbstractBaseUser,
    now: datetime,
    expected_version: int | None = None,
) -> SavedView:
    """Change a view. Raises as ``create_view``, and ViewNotYours, StaleEdit, RowGone."""
    _check_owner(view, by)
    _check(view, values, Asker(by.pk, now))
    return audit.update(view, values, expected_version=expected_version)


def delete_view(
    view: SavedView, *, by: AbstractBaseUser, expected_version: int | None = None
) -> None:
    """Delete a view; its videos stay. Raises ViewNotYours, StaleEdit, RowGone."""
    _check_owner(view, by)
    audit.delete(view, expected_version=expected_version)


def sidebar_views(user: AbstractBaseUser) -> list[SavedView]:
    """The views that stand in a person's sidebar. One query."""
    mine = SavedView.objects.filter(owner_id=user.pk, in_sidebar=True)
    return list(mine.order_by("name", "pk")[:MOST_PINNED])


def dashboard_views(user: AbstractBaseUser) -> list[SavedView]:
    """The views that stand on a person's first page."""
    mine = SavedView.objects.filter(owner_id=user.pk, on_dashboard=True)
    return list(mine.order_by("name", "pk")[:MOST_PINNED])


def known_counts(views: Iterable[SavedView], user: AbstractBaseUser) -> dict[int, RowCount | None]:
    """The counts that were made within the last minute, by view; no query. None: it is broken."""
    keys = {_count_key(view, user): view.pk for view in views}
    found = cache.get_many(keys)
    return {keys[key]: count for key, (count,) in found.items()}


def counts(
    views: Iterable[SavedView], user: AbstractBaseUser, *, now: datetime
) -> dict[int, RowCount | None]:
    """How many videos views show, a minute old at most; capped, and where counting would cost
    much, estimated. None for a view that is broken."""
    wanted = list(views)
    known = known_counts(wanted, user)
    fresh = {view.pk: _count(view, Asker(user.pk, now)) for view in wanted if view.pk not in known}
    cache.set_many(
        {_count_key(view, user): (fresh[view.pk],) for view in wanted if view.pk in fresh},
        COUNT_KEPT_S,
    )
    return {**known, **fresh}


def _count_key(view: SavedView, user: AbstractBaseUser) -> str:
    return f"browse.views.count.{view.pk}.{view.version}.{user.pk}"


def _count(view: SavedView, asker: Asker) -> RowCount | None:
    try:
        videos = Question.read(view.query, asker=asker).videos()
    except MediaHubError:
        return None
    return count_rows(videos, cap=_COUNT_CAP, planned=True, most_cost=_COUNT_COST)


def _check_owner(view: SavedView, user: AbstractBaseUser) -> None:
    if not may_change(view, user):
        raise ViewNotYours(f"“{view.name}” belongs to {view.owner}: save one of your own.")


def _check(view: SavedView, values: Mapping[str, Any], asker: Asker) -> None:
    if values.get("query"):
        Question.read(values["query"], asker=asker)
    if values.get("ordering"):
        in_order(None, values["ordering"], videos=Video.objects.none())
    others = SavedView.objects.filter(owner_id=view.owner_id).exclude(pk=view.pk)
    if "name" in values and others.filter(name__iexact=values["name"]).exists():
        raise ViewNameTaken(f"There is a view named “{values['name']}” already.")
    for place in ("in_sidebar", "on_dashboard"):
        if values.get(place) and others.filter(**{place: True}).count() >= MOST_PINNED:
            raise TooManyPinned(f"There are {MOST_PINNED} views there already: take one off first.")
