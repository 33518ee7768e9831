"""What stands around the results: chips, orders, filters, views, and what is wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import QueryDict

from apps.browse.chips import Chip, chips, say
from apps.browse.choices import Layout, Zoom
from apps.browse.conditions import conditions, without
from apps.browse.filters import Section, sections
from apps.browse.icons import ICONS
from apps.browse.mending import fault_of
from apps.browse.models import SavedView
from apps.browse.services.views import may_change, views_for
from apps.browse.sorting import new_keys, sort_keys
from apps.browse.state import DEFAULT_ORDERING, State
from apps.core.counting import RowCount, count_rows
from apps.library.search import ORDERS, Field, Question, all_fields
from apps.library.search.ranking import MOST, RELEVANCE
from apps.query import QueryError, parse, show

PAGE_SIZES = (25, 60, 100, 250, 500)
PANEL_AWAY = "-panel"  # among the open panels: the whole panel is put away
_MOST_VIEWS = 200
_MOST_RELAXED = 5
_RELAXED_CAP = 1_000
_RELAXED_COST = 5_000.0  # of PostgreSQL's planner: beyond it its own estimate is shown
_ICONS = {Layout.GRID: "grid_view", Layout.TABLE: "table_rows", Layout.WALL: "view_comfy_alt"}


@dataclass(frozen=True, slots=True)
class Way:
    """One of several ways to show the same, and its address."""

    value: str
    label: str
    url: str
    is_current: bool
    icon: str = ""


@dataclass(frozen=True, slots=True)
class ChipWays:
    """A chip and where its buttons lead."""

    chip: Chip
    removed: str
    turned: str


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A query with one condition less, and how many videos it finds."""

    text: str
    url: str
    count: RowCount


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section of the panel with what its form holds."""

    section: Section
    form: dict[str, Any]
    is_open: bool
    cleared: str


@dataclass(frozen=True, slots=True)
class ViewWay:
    """A saved view in the list of views."""

    view: SavedView
    is_mine: bool
    is_current: bool


def around(state: State, *, user: Any, is_empty: bool) -> dict[str, Any]:
    """The context of the page's parts around the results. A constant number of queries."""
    fields = all_fields()
    labels = {field.name: field.label for field in fields}
    fault = fault_of(state.error, state.text) if state.error else None
    return {
        "fault": fault,
        "mended_url": state.address(q=fault.mended) if fault else "",
        "icons": list(ICONS.items()),
        "kept_inputs": [one for one in state.given.items() if one[0] not in ("q", "cursor")],
        "view_facts": _view_facts(state, user),
        "chips": _chips(state, labels),
        "cleared": state.address(q=""),
        "sorts": [
            (key, *(_ordered(state, one) for one in _steps(key)))
            for key in sort_keys(state.ordering_text, _order_labels(state))
        ],
        "new_sorts": [
            (key, state.address(ordering=key.added), state.address(ordering=key.alone))
            for key in new_keys(state.ordering_text, _order_labels(state))
        ],
        "layouts": _ways(state, "layout", Layout.choices, state.layout, _ICONS),
        "zooms": _ways(state, "zoom", Zoom.choices, state.zoom),
        "sizes": _ways(state, "page_size", [(n, f"{n} a page") for n in PAGE_SIZES],
                       state.page_size),
        "panel": _panel(state, fields),
        "panel_is_away": PANEL_AWAY in state.settings.open_panels,
        "filter_count": len(conditions(state.node)),
        "meant_url": state.address(q=state.query.text) if state.query else "",
        "ranks_best": RELEVANCE in state.ordering_text and bool(state.query and state.query.words),
        "most_ranked": MOST,
        "unranked_url": state.address(ordering=DEFAULT_ORDERING),
        "views": _views(state, user),
        "may_change_view": bool(state.view and may_change(state.view, user)),
        "is_modified": is_modified(state),
        "relaxed": relaxed(state, labels) if is_empty else [],
    }  # fmt: skip


def _view_facts(state: State, user: Any) -> dict[str, Any]:
    """What the page's script needs to keep views."""
    view = state.view
    kept = ("id", "version", "name", "icon", "shared", "in_sidebar", "on_dashboard")
    return {
        "view": view and {name: getattr(view, name) for name in kept},
        "may_change": bool(view and may_change(view, user)),
        "shown": {
            "query": state.query.text if state.query else state.text,
            "ordering": state.ordering_text,
            "layout": state.layout,
            "zoom": state.zoom,
            "page_size": state.page_size,
            "columns": state.columns,
        },
        "open_panels": state.settings.open_panels,
    }


def is_modified(state: State) -> bool:
    """Whether the page shows something else than its view does."""
    view = state.view
    if view is None:
        return False
    shown = (state.ordering_text, state.layout, state.zoom, state.page_size)
    kept = (view.ordering or state.ordering_text, view.layout, view.zoom, view.page_size)
    return shown != kept or _plainest(state.text) != _plainest(view.query)


def relaxed(state: State, labels: dict[str, str]) -> list[Relaxed]:
    """The queries with one condition less that find something, those that find least first."""
    node, question = state.node, state.query
    parts = conditions(node)
    if question is None or len(parts) < 2:
        return []
    found: list[Relaxed] = []
    for place in range(min(len(parts), _MOST_RELAXED)):
        rest = without(node, place)
        videos = Question.of(rest, asker=question.asker).videos()
        count = count_rows(videos, cap=_RELAXED_CAP, planned=True, most_cost=_RELAXED_COST)
        if count.rows:
            text = say(parts[place], labels)
            found.append(Relaxed(text, state.address(q=show(rest)), count))
    return sorted(found, key=lambda one: one.count.rows)


def _plainest(text: str) -> str:
    try:
        return show(parse(text))
    except QueryError:
        return text


def _chips(state: State, labels: dict[str, str]) -> list[ChipWays]:
    return [
        ChipWays(chip, state.address(q=chip.without), state.address(q=chip.opposite))
        for chip in chips(state.node, labels)
    ]


def _order_labels(state: State) -> dict[str, str]:
    """What orders are called; there is a best match only where there are words to match."""
    ranked = {RELEVANCE: "Best match"} if state.query and state.query.words else {}
    return {**ranked, **{name: label for name, (label, _column) in ORDERS.items()}}


def _steps(key: Any) -> tuple[str, str, str, str]:
    return key.turned, key.removed, key.earlier, key.later


def _ordered(state: State, ordering: str) -> str:
    return state.address(ordering=ordering) if ordering else ""


def _ways(
    state: State,
    name: str,
    choices: Iterable[tuple[Any, Any]],
    current: object,
    icons: dict[Any, str] | None = None,
) -> list[Way]:
    return [
        Way(
            value=str(value),
            label=str(label),
            url=state.address(**{name: value}),
            is_current=value == current,
            icon=(icons or {}).get(value, ""),
        )
        for value, label in choices
    ]


def _panel(state: State, fields: Sequence[Field]) -> list[tuple[str, list[SectionView]]]:
    """The sections by group; none while the query can't be read, for there is no tree to edit."""
    if state.node is None and state.error is not None:
        return []
    is_open = set(state.settings.open_panels)
    shown = [_section(one, state, is_open=one.name in is_open) for one in sections(fields)]
    return [
        (group, list(members))
        for group, members in groupby(shown, key=lambda one: one.section.group)
    ]


def _section(section: Section, state: State, *, is_open: bool) -> SectionView:
    form = section.control.show(state.node)
    empty = section.control.change(state.node, QueryDict()) if form["count"] else None
    return SectionView(
        section, form, is_open, state.address(q=show(empty)) if form["count"] else ""
    )


def _views(state: State, user: AbstractBaseUser) -> list[ViewWay]:
    current = state.view.pk if state.view else None
    rows = views_for(user).order_by("name", "pk")[:_MOST_VIEWS]
    ways = [ViewWay(view, view.owner_id == user.pk, view.pk == current) for view in rows]
    return sorted(ways, key=lambda way: not way.is_mine)
