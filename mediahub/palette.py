"""What Ctrl-K finds: a few of each kind, only what the user may open."""

from typing import Any

from django.db import OperationalError
from django.db.models import F, Func, Model, TextField, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from unfold.dataclasses import SearchResult

from apps.browse.services.views import views_for
from apps.core.admin.base import change_url
from apps.core.errors import MediaHubError
from apps.library.models import Performer, Studio, Tag
from apps.library.search import Asker, Question
from apps.library.search.limits import limited
from apps.query import Node, QueryError, Word, all_of, parse

_MOST = 8
_LEAST_CHARACTERS = 3  # fewer are no trigram, so that no index would help
_LABELS: list[tuple[type[Model], str]] = [
    (Performer, "person"),
    (Studio, "apartment"),
    (Tag, "sell"),
]


def search(request: HttpRequest, words: str) -> list[Any]:
    """Browse with what was typed as its query, then views, videos and labels of this name."""
    if sum(letter.isalnum() for letter in words) < _LEAST_CHARACTERS or "\0" in words:
        return []
    found: list[Any] = []
    if request.user.has_perm("library.view_video"):
        found += [_browse(words), *_views(request, words), *_videos(request, words)]
    for model, icon in _LABELS:
        if request.user.has_perm(f"library.view_{model._meta.model_name}"):
            found += [_row(row, icon) for row in _named(model, words)]
    return found


def _browse(words: str) -> Any:
    return SearchResult(
        title=f"Browse for {words}",
        description="Query",
        link=reverse("admin:library_video_browse", query={"q": words}),
        icon="search",
    )


def _views(request: HttpRequest, words: str) -> list[Any]:
    user: Any = request.user
    views = views_for(user).filter(name__icontains=words).order_by("name", "pk")[:_MOST]
    browse = reverse("admin:library_video_browse")
    return [
        SearchResult(
            title=view.name, description="View", link=f"{browse}?view={view.pk}", icon=view.icon
        )
        for view in views
    ]


def _videos(request: HttpRequest, words: str) -> list[Any]:
    """What the words find as a query, else as they stand; the newest first."""
    asker = Asker(request.user.pk, timezone.localtime())
    try:
        question = Question.of(_read(words), asker=asker)
    except MediaHubError:
        question = Question.of(Word(words, quoted=True), asker=asker)
    videos = question.videos().only("pk", "title").order_by("-added_at", "-pk")[:_MOST]
    try:
        with limited():
            return [_row(video, "movie") for video in videos]
    except OperationalError:  # it took too long: Browse, which is offered first, says so
        return []


def _read(words: str) -> Node | None:
    try:
        return parse(words)
    except QueryError:
        return all_of([Word(word, quoted=True) for word in words.split()])


def _named(model: type[Model], words: str) -> Any:
    """Labels of which a name or other name holds the words, those of the most videos first."""
    folded = Func(Value(words), function="library_fold", output_field=TextField())
    core = Func(folded, function="btrim", output_field=TextField())
    rows: Any = model._default_manager.annotate(core=core)
    return rows.filter(haystack__contains=F("core")).order_by("-video_count", "pk")[:_MOST]


def _row(row: Model, icon: str) -> Any:
    kind = str(row._meta.verbose_name).capitalize()
    return SearchResult(title=str(row), description=kind, link=change_url(row), icon=icon)
