"""Whether a stash-box answers, and how videos are identified."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.stashbox.client import BoxError
from apps.stashbox.forms import IdentifySettingsForm
from apps.stashbox.models import StashBox
from apps.stashbox.services.boxes import edit_settings, settings_of_all, test_box

# by BoxError's reason: what failed, and what to do
_ADVICE = {
    "dns": ("There is no such name", "Look for a typing mistake in the address."),
    "tls": (
        "Its certificate can't be trusted",
        "Ask whoever runs it; a certificate of one's own must be known to this machine.",
    ),
    "unreachable": ("Nothing answers there", "It may be down, or the address or port be wrong."),
    "timeout": ("It took too long", "Try again later."),
    "unauthorised": ("It doesn't know the key", "Copy the key anew from your profile there."),
    "not_authorised": (
        "The key's owner may not do this",
        "Ask whoever runs it for the role that may read.",
    ),
    "not_a_stash_box": (
        "That is no stash-box",
        "The address is the one of its GraphQL, which mostly ends in /graphql.",
    ),
    "too_old": ("It is too old", "Whoever runs it has to bring it up to date."),
    "rate_limited": (
        "It was asked too often",
        "Wait a while, and give it fewer requests a minute.",
    ),
    "too_large": ("Its answer is too large", "That is probably no stash-box."),
    "private": (
        "It is in a private network",
        "If that is meant so, allow it in the form of this stash-box.",
    ),
    "broken_answer": ("Its answer can't be read", "Try again later, or ask whoever runs it."),
    "refused": ("It refused the question", "What it said stands here."),
}


def in_words(error: MediaHubError) -> str:
    """What failed, and what to do about it where a box's reason tells that."""
    reason = error.reason if isinstance(error, BoxError) else ""
    failure, advice = _ADVICE.get(reason, ("", ""))
    return f"{failure}: {error} {advice}" if failure else str(error)


class BoxTestPage(AdminPage):
    """One request to a box: who the key is of, its version, or what failed."""

    title = "Test a stash-box"
    name = "stashbox_stashbox_test"
    route = "<int:pk>/test/"
    permission_required = "stashbox.change_stashbox"
    template_name = "admin/stashbox/box_test.html"

    def post(self, _request: HttpRequest, pk: int) -> HttpResponse:
        state = test_box(get_object_or_404(StashBox, pk=pk))
        failure, advice = _ADVICE.get(state.reason, ("It failed", ""))
        told = {"state": state, "failure": failure, "advice": advice}
        return self.render_to_response(self.get_context_data(**told))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        box = get_object_or_404(StashBox, pk=self.kwargs["pk"])
        return super().get_context_data(box=box, **kwargs)


class IdentifySettingsPage(AdminPage):
    """Thresholds and policies: one row, so a page instead of a list."""

    title = "Identification"
    name = "stashbox_settings"
    route = "settings/"
    permission_required = "stashbox.change_identifysettings"
    template_name = "admin/stashbox/settings.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = IdentifySettingsForm(request.POST, instance=settings_of_all())
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        values, version = form.changed(), form.cleaned_data.get("version")
        try:
            nightly = form.cleaned_data["nightly"]
            edit_settings(values, nightly=nightly, expected_version=version)
        except MediaHubError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Saved.")
        return redirect("admin:stashbox_settings")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", IdentifySettingsForm(instance=settings_of_all()))
        return super().get_context_data(**kwargs)
