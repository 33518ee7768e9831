"""Whether a media server can be told, and where our files are for it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.mediaservers.models import MediaServer
from apps.mediaservers.services import testing

# by ServerError's reason: what failed, and what to do
_ADVICE = {
    "dns": ("There is no such name", "Look for a typing mistake in the address."),
    "tls": (
        "Its certificate can't be trusted",
        "Ask whoever runs it; a certificate of one's own must be known to this machine.",
    ),
    "unreachable": ("Nothing answers there", "It may be down, or the address or port be wrong."),
    "timeout": ("It took too long", "Try again later."),
    "private": (
        "It is in a private network",
        "If that is meant so, allow it in the form of this server.",
    ),
    "redirect": (
        "It is somewhere else",
        "The address may lack a path, such as /jellyfin, or s of https.",
    ),
    "no_token": ("There is no token", "Enter one in the form of this server."),
    "unauthorised": ("It doesn't know the token", "Copy the token anew from its dashboard."),
    "not_allowed": ("The token's owner may not do this", "Take the token of an administrator."),
    "not_found": (
        "That is no such server",
        "Its kind or its address is wrong; another server may answer there.",
    ),
    "wrong_kind": ("That is no such server", "Look at the kind, and at the address and its port."),
    "rate_limited": ("It was asked too often", "Wait a while."),
    "busy": ("It is in trouble", "Look at its own log, or try again later."),
    "too_large": ("Its answer is too large", "That is probably no media server."),
    "broken_answer": ("Its answer can't be read", "Try again later, or look at its own log."),
    "refused": ("It refused the question", "Look at its own log."),
    "outside": (
        "It lacks a library of ours",
        "The path map must name folders as the server sees them, and its own libraries show them.",
    ),
    "unmapped": ("The path map lacks a library", "Add a rule for it, or choose libraries."),
    "shadowed": ("Two rules of the path map overlap", "One folder of the server lies in another."),
}

# by why one path can't be told
_PATHS = {
    "": "",
    "unmapped": "no rule is for it",
    "shadowed": "another rule has this place there",
    "unnameable": "a name with a backslash can't be there",
    "outside": "none of its libraries has this folder",
}


class MediaServerTestPage(AdminPage):
    """A few requests that tell nothing: who it is, whether it knows the token, what it shows."""

    title = "Test a media server"
    name = "mediaservers_mediaserver_test"
    route = "<int:pk>/test/"
    permission_required = "mediaservers.change_mediaserver"
    template_name = "admin/mediaservers/server_test.html"

    def post(self, _request: HttpRequest, pk: int) -> HttpResponse:
        state = testing.test_server(get_object_or_404(MediaServer, pk=pk), now=timezone.now())
        failure, advice = _ADVICE.get(state.reason, ("It failed", ""))
        told = {
            "state": state, "failure": failure, "advice": advice,
            "libraries": [(each, _PATHS.get(each.reason, "")) for each in state.libraries],
        }  # fmt: skip
        return self.render_to_response(self.get_context_data(**told))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        server = get_object_or_404(MediaServer, pk=self.kwargs["pk"])
        path = self.request.GET.get("path", "").strip()
        if path:
            kwargs |= {"path": path, **_preview(server, path)}
        return super().get_context_data(server=server, **kwargs)


def _preview(server: MediaServer, path: str) -> dict[str, Any]:
    try:
        found = testing.preview(server, path)
    except MediaHubError as error:
        return {"preview_error": str(error)}
    return {"preview": found, "preview_fault": _PATHS[found.reason]}
