"""The page on which people look for videos."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils import timezone

from apps.browse.pages.results import results
from apps.browse.state import read_state
from apps.core.pages import AdminPage


class BrowsePage(AdminPage):
    """Videos that a query finds; all that is asked stands in the address."""

    title = "Browse"
    name = "library_video_browse"
    route = "browse/"
    permission_required = "library.view_video"
    template_name = "admin/browse/browse.html"
    fragments: ClassVar[Mapping[str, str]] = {"results": "admin/browse/_results.html"}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state = read_state(self.request.GET, user=self.request.user, now=timezone.now())
        return super().get_context_data(state=state, **results(state, self.request), **kwargs)
