"""How FaceLab's pages take what a person decides: one form, one call of a service."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.faces.pages.deeds import DEEDS, Done


class DeedPage(AdminPage):
    """A page whose buttons send ``deed`` and what it is about; a script is answered in JSON."""

    permission_required = "faces.view_identity"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        perform = DEEDS.get(request.POST.get("deed", ""))
        if perform is None:
            raise Http404("No such deed.")
        try:
            done = perform(request)
        except MediaHubError as error:
            done = Done(str(error), bad=True)
        if request.headers.get("X-Requested-With") == "fetch":
            return JsonResponse(done.as_json(), status=409 if done.bad else 200)
        (messages.error if done.bad else messages.success)(request, done.said)
        return redirect(_onward(request, done))


def _onward(request: HttpRequest, done: Done) -> str:
    """Without a script: where the deed leads, or back to the page the form stood on."""
    wanted = done.href or request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if wanted and ours else request.get_full_path()
