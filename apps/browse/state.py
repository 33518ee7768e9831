"""What the page's address asks for: the one description of what Browse shows."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet
from django.http import QueryDict

from apps.browse.choices import Layout, Zoom
from apps.browse.models import BrowseSettings, SavedView
from apps.browse.services.settings import settings_of
from apps.browse.services.views import views_for
from apps.core.api.keyset import Cursor, Keyset, read_cursor
from apps.core.errors import MediaHubError
from apps.library.models import Video
from apps.library.search import Asker, OrderUnknown, Question
from apps.library.search.forgiving import Replaced, forgive
from apps.library.search.ranking import RELEVANCE, Ordered, in_order
from apps.query import Node, QueryError, parse

LEAST_PER_PAGE, MOST_PER_PAGE = 25, 500
DEFAULT_ORDERING = "-added_at"
BEST_FIRST = f"-{RELEVANCE}"  # the usual one where a query has words to rank by
PARAMETERS = ("q", "ordering", "layout", "zoom", "page_size", "view", "cursor")
_OURS = {*PARAMETERS, "fragment"}
FIRST_PAGE = Cursor((), backwards=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """A parameter that can't be used, and what was done instead."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class State:
    """``query`` is nothing exactly when ``error`` says why: then there are no results to show;
    ``node`` is its tree, also of one that can be read but not answered. ``videos`` are what it
    finds, or by relevance those that fit best; ``forgiven`` says which words were taken for others.

    ``columns`` are a table's, in their order; empty for the usual ones. ``given`` holds what stands
    in the address itself, so that addresses made from it say no more than they must.
    """

    query: Question | None
    node: Node | None
    error: MediaHubError | None
    text: str
    videos: QuerySet[Video]
    ordering: Keyset
    ordering_text: str
    layout: Layout
    zoom: Zoom
    page_size: int
    cursor: Cursor
    view: SavedView | None
    columns: tuple[str, ...]
    settings: BrowseSettings
    forgiven: tuple[Replaced, ...] = ()
    problems: tuple[Problem, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)

    def forgiving(self) -> "State | None":
        """As it was probably meant, if it finds nothing and that does."""
        meant = forgive(self.query) if self.query else None
        if meant is None:
            return None
        ordered = in_order(meant.question, self.ordering_text)
        return replace(self, query=meant.question, videos=ordered.videos, forgiven=meant.replaced)

    def address(self, **changes: str | int | None) -> str:
        """The page's address with other parameters; None takes one out of it.

        Whatever changes, it leads to the first page, unless ``cursor`` is given.
        """
        wanted: dict[str, str | int | None] = {**self.given, **changes}
        if "cursor" not in changes:
            wanted.pop("cursor", None)
        parameters = QueryDict(mutable=True)
        for name in (*PARAMETERS, "fragment"):
            if (value := wanted.get(name)) is not None:
                parameters[name] = str(value)
        return f"?{parameters.urlencode()}"


def read_state(parameters: QueryDict, *, user: AbstractBaseUser, now: datetime) -> State:
    """What the address asks for. What it leaves out the view says, else the person's settings.

    Never raises: an unusable query or view becomes ``error``, anything else a problem.
    """
    given = {name: str(parameters[name]) for name in PARAMETERS if name in parameters}
    settings = settings_of(user)
    reader = _Reader(given, settings)
    reader.find_view(user)
    text = reader.value("q", "query", default="")
    query = reader.read_query(text, Asker(user_id=user.pk, now=now))
    usual = BEST_FIRST if query and query.words else DEFAULT_ORDERING
    ordering_text = reader.value("ordering", "ordering", default="") or usual
    ordered, ordering_text = reader.read_ordering(ordering_text, query)
    state = State(
        query=query,
        node=reader.node,
        error=reader.error,
        text=text,
        videos=ordered.videos,
        ordering=ordered.order,
        ordering_text=ordering_text,
        layout=Layout(reader.choice("layout", Layout.values, Layout.GRID)),
        zoom=Zoom(reader.choice("zoom", Zoom.values, Zoom.MEDIUM)),
        page_size=reader.read_page_size(),
        cursor=reader.read_cursor(ordered.order),
        view=reader.view,
        columns=reader.columns(),
        settings=settings,
    )
    problems = (*_unknown(parameters), *reader.problems)
    unusable = {problem.field for problem in problems}
    usable = {name: value for name, value in given.items() if name not in unusable}
    return replace(state, problems=problems, given=usable)


def _unknown(parameters: Iterable[str]) -> list[Problem]:
    return [
        Problem(name[:40], "There is no such parameter: it was left out.")
        for name in parameters
        if name not in _OURS
    ]


class _Reader:
    """Reads one parameter after the other and collects what is wrong with them."""

    def __init__(self, given: Mapping[str, str], settings: BrowseSettings) -> None:
        self.given, self.settings = given, settings
        self.view: SavedView | None = None
        self.node: Node | None = None
        self.error: MediaHubError | None = None
        self.problems: list[Problem] = []

    def find_view(self, user: AbstractBaseUser) -> None:
        wanted = self.given.get("view", "")
        if not wanted:
            return
        if re.fullmatch(r"[0-9]{1,18}", wanted):
            self.view = views_for(user).filter(pk=int(wanted)).first()
        if self.view is None and "q" in self.given:
            self.problems.append(Problem("view", "There is no such view: it was left out."))
        elif self.view is None:
            self.error = ViewGone("There is no such view. Perhaps it was deleted or made private.")

    def value(self, name: str, attribute: str, *, default: Any) -> Any:
        """What the address says, else the view, else the default."""
        if name in self.given:
            return self.given[name]
        return getattr(self.view, attribute) if self.view else default

    def read_query(self, text: str, asker: Asker) -> Question | None:
        if self.error:
            return None
        try:
            self.node = parse(text)
            return Question.of(self.node, asker=asker)
        except QueryError as error:
            self.error = error
            return None

    def read_ordering(self, text: str, query: Question | None) -> tuple[Ordered, str]:
        videos = query.listed() if query else Video.objects.none()
        try:
            return in_order(query, text, videos=videos), text
        except OrderUnknown as error:
            self.problems.append(Problem("ordering", f"{error} The newest are shown first."))
            return in_order(query, DEFAULT_ORDERING, videos=videos), DEFAULT_ORDERING

    def choice(self, name: str, known: list[str], default: str) -> str:
        wanted = self.value(name, name, default=getattr(self.settings, name))
        if wanted in known:
            return str(wanted)
        if name in self.given:
            text = f"It is one of {', '.join(known)}: it was left out."
            self.problems.append(Problem(name, text))
        return default

    def read_page_size(self) -> int:
        wanted = str(self.value("page_size", "page_size", default=self.settings.page_size))
        size = int(wanted) if re.fullmatch(r"[0-9]{1,5}", wanted) else 0
        if LEAST_PER_PAGE <= size <= MOST_PER_PAGE:
            return size
        text = f"A page has {LEAST_PER_PAGE} to {MOST_PER_PAGE} videos: it was left out."
        self.problems.append(Problem("page_size", text))
        return int(BrowseSettings._meta.get_field("page_size").default)

    def read_cursor(self, ordering: Keyset) -> Cursor:
        if "cursor" not in self.given:
            return FIRST_PAGE
        try:
            return read_cursor(self.given["cursor"], ordering)
        except ValueError as error:
            self.problems.append(Problem("cursor", f"{error} This is the first page."))
            return FIRST_PAGE

    def columns(self) -> tuple[str, ...]:
        if self.view and self.view.columns:
            return tuple(self.view.columns)
        return tuple(
            column["name"]
            for column in self.settings.columns
            if isinstance(column, dict) and isinstance(column.get("name"), str)
        )


class ViewGone(MediaHubError):
    """The address names a view that isn't there, or that its owner doesn't share."""

    code = "view_gone"
    status = 404
    field = "view"
