"""The library as a grid of covers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import BoundField

from apps.core.api.keyset import Cursor, Key, Keyset, read_cursor
from apps.core.counting import count_rows
from apps.core.pages import AdminPage
from apps.library.forms.browse import SORTS, ZOOMS, BrowseForm, filtered
from apps.library.models import Video
from apps.library.pages.cards import cards, with_card_facts

PAGE_SIZE = 60
_FIRST = Cursor((), backwards=False)
_NO_CHIPS = ("sort", "zoom")
_FILTERS = (
    "library", "orientation", "codec", "presence", "tag", "performer", "studio", "favorite",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, and the address without it."""

    text: str
    without: str


class BrowsePage(AdminPage):
    """Videos as covers; what is asked stands in the address."""

    title = "Browse"
    name = "library_video_browse"
    route = "browse/"
    permission_required = "library.view_video"
    template_name = "admin/library/browse.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = BrowseForm(self.request.GET)
        asked = form.asked()
        self._complain(form)
        videos = filtered(Video.objects.all(), asked)
        page, previous, following = self._page(videos, asked["sort"])
        return super().get_context_data(
            form=form,
            filter_fields=[form[name] for name in _FILTERS],
            media=form.media,
            cards=cards(page),
            came_from=self._list(),
            count=count_rows(videos, planned=True),
            chips=list(self._chips(form, asked)),
            zoom=asked["zoom"] or "m",
            zooms=[(name, label, self._address(zoom=name)) for name, label in ZOOMS.items()],
            previous_attrs={"rel": "prev"},
            next_attrs={"rel": "next"},
            previous=self._address(page=previous) if previous else "",
            next=self._address(page=following) if following else "",
            **kwargs,
        )

    def _complain(self, form: BrowseForm) -> None:
        for name in form.unknown():
            messages.warning(self.request, f"There is no filter named {name}: it was left out.")
        for name, errors in form.errors.items():
            label = form.fields[name].label if name in form.fields else name
            messages.warning(self.request, f"{label} was left out: {' '.join(map(str, errors))}")

    def _page(self, videos: QuerySet[Video], sort: str) -> tuple[list[Video], str, str]:
        """The page asked for, else the first, and the cursors of its neighbours."""
        order = order_of(sort)
        try:
            cursor = read_cursor(self.request.GET.get("page", ""), order)
        except ValueError:
            cursor = _FIRST
        page = _read_page(with_card_facts(videos), order, cursor)
        if "page" in self.request.GET and not page[0]:
            messages.warning(self.request, "That page is no longer there: this is the first.")
            return _read_page(with_card_facts(videos), order, _FIRST)
        return page

    def _chips(self, form: BrowseForm, asked: dict[str, Any]) -> Iterator[Chip]:
        for name, value in asked.items():
            if name in _NO_CHIPS or not value:
                continue
            several = list(value) if isinstance(value, QuerySet) else [value]
            for one in several:
                rest = [str(other.pk) for other in several if other is not one]
                yield Chip(_chip_text(form[name], one), self._address(**{name: rest}))

    def _list(self) -> str:
        """What of the address says which videos these are, and in which order."""
        parameters = self.request.GET.copy()
        for name in ("page", "zoom"):
            parameters.pop(name, None)
        return parameters.urlencode()

    def _address(self, **changes: str | list[str]) -> str:
        """This page with other parameters; a change of filters leads to the first page."""
        parameters = self.request.GET.copy()
        parameters.pop("page", None)
        for name, value in changes.items():
            parameters.setlist(name, value if isinstance(value, list) else [value])
        return f"?{parameters.urlencode()}"


def order_of(sort: str) -> Keyset:
    """The order of the grid that SORTS names."""
    _label, column, descending = SORTS[sort]
    fields: list[Any] = [Video._meta.get_field(column), Video._meta.pk]
    return Keyset(tuple(Key(field.name, field, descending) for field in fields))


def _read_page(
    videos: QuerySet[Video], order: Keyset, cursor: Cursor
) -> tuple[list[Video], str, str]:
    way = order.reversed() if cursor.backwards else order
    found = list(way.rows_after(videos, cursor.position, limit=PAGE_SIZE + 1))
    more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if not found:
        return [], "", ""
    came = bool(cursor.position)  # there are rows on the side that we come from
    if cursor.backwards:
        found.reverse()
    first, last = order.position(found[0]), order.position(found[-1])
    before, behind = (more, came) if cursor.backwards else (came, more)
    return (
        found,
        Cursor(tuple(first), backwards=True).text(order) if before else "",
        Cursor(tuple(last), backwards=False).text(order) if behind else "",
    )


def _chip_text(field: BoundField, value: Any) -> str:
    choices = dict(getattr(field.field, "choices", [])) if isinstance(value, str) else {}
    if value is True:
        return str(field.label)
    return f"{field.label}: {choices.get(value, value)}"
