"""What Ctrl-K finds: a few of each kind, only what the user may open."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from unfold.dataclasses import SearchResult

from apps.core.admin.base import change_url
from apps.library.models import Performer, Studio, Tag, Video

_MOST = 8
_LEAST_CHARACTERS = 3  # fewer are no trigram, so that no index would help
_KINDS: list[tuple[type[Model], str, str]] = [
    (Video, "title", "movie"),
    (Performer, "name", "person"),
    (Studio, "name", "apartment"),
    (Tag, "name", "sell"),
]


def search(request: HttpRequest, words: str) -> list[Any]:
    """Rows whose title or name holds what was typed."""
    if len(words) < _LEAST_CHARACTERS:
        return []
    found: list[Any] = []
    for model, column, icon in _KINDS:
        name = str(model._meta.model_name)
        if request.user.has_perm(f"library.view_{name}"):
            rows = model._default_manager.filter(**{f"{column}__icontains": words})[:_MOST]
            found += [
                SearchResult(
                    title=str(row), description=name.title(), link=change_url(row), icon=icon
                )
                for row in rows
            ]
    return found
