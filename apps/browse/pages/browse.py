"""The page on which people look for videos."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from psycopg.errors import QueryCanceled

from apps.browse.filters import find_section
from apps.browse.pages.around import around
from apps.browse.pages.results import results
from apps.browse.state import State, read_state
from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.library.search import QueryError, all_fields
from apps.query import parse, show


class TookTooLong(MediaHubError):
    """The database was busy with a query for longer than it may be; it was given up."""

    code = "too_long"
    status = 503


class BrowsePage(AdminPage):
    """Videos that a query finds; all that is asked stands in the address."""

    title = "Browse"
    name = "library_video_browse"
    route = "browse/"
    permission_required = "library.view_video"
    template_name = "admin/browse/browse.html"
    fragments: ClassVar[Mapping[str, str]] = {
        "results": "admin/browse/_results.html",
        "page": "admin/browse/_page.html",
    }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        state = read_state(self.request.GET, user=user, now=timezone.localtime())
        try:
            shown = self._shown(state)
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
            too_long = TookTooLong(
                "This took the database too long and was given up: ask for less."
            )
            state = replace(state, query=None, error=too_long)
            shown = self._shown(state)
        return super().get_context_data(**shown, **kwargs)

    def _shown(self, state: State) -> dict[str, Any]:
        found = results(state, self.request)
        is_empty = found["found"] is not None and found["found"].is_empty
        if is_empty and (meant := state.forgiving()):
            return self._shown(meant)
        if self.request.GET.get("fragment") == "results":
            return {**found, "state": state}
        return {**found, "state": state, **around(state, user=self.request.user, is_empty=is_empty)}


class FilterPage(AdminPage):
    """Sends on to Browse with the query that a section of its panel asks for.

    ``section`` names it; everything else of the address is Browse's, or a field of the form.
    """

    title = "Filter"
    name = "library_video_browse_filter"
    route = "browse/filter/"
    permission_required = "library.view_video"

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        user: Any = request.user
        asked = request.GET.copy()
        sent = {name: asked.pop(name) for name in list(asked) if name not in _KEPT}
        state = read_state(asked, user=user, now=timezone.localtime())
        section = find_section(sent.get("section", [""])[-1], all_fields())
        text = state.text
        if section:
            try:
                text = show(section.control.change(parse(state.text), request.GET))
            except QueryError:
                text = state.text  # which is wrong: the page says where
        address = state.address(q=text, fragment=request.GET.get("fragment"))
        return HttpResponseRedirect(reverse("admin:library_video_browse") + address)


_KEPT = {"q", "ordering", "layout", "zoom", "page_size", "view"}
