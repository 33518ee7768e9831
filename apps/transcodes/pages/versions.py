"""What a profile was, and going back to it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.transcodes.models import EncodingProfile
from apps.transcodes.services.profiles import roll_back
from apps.transcodes.words import say_field, say_value


class VersionsPage(AdminPage):
    """Each version with what changed in it; the newest first."""

    title = "Versions"
    name = "transcodes_encodingprofile_versions"
    route = "<int:pk>/versions/"
    permission_required = "transcodes.view_encodingprofile"
    template_name = "admin/transcodes/versions.html"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm("transcodes.change_encodingprofile"):
            return self.handle_no_permission()
        profile = get_object_or_404(EncodingProfile, pk=pk)
        number = request.POST.get("number", "")
        try:
            roll_back(profile, int(number) if number.isdigit() and len(number) < 9 else 0)
        except MediaHubError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{profile} is as it was in version {number}.")
        return redirect("admin:transcodes_encodingprofile_versions", pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        profile = get_object_or_404(EncodingProfile, pk=self.kwargs["pk"])
        rows = list(profile.versions.order_by("number"))
        versions = [
            {"row": row, "changes": _changes(before.values if before else {}, row.values)}
            for before, row in zip([None, *rows], rows, strict=False)
        ]
        may = self.request.user.has_perm("transcodes.change_encodingprofile")
        return super().get_context_data(
            profile=profile, versions=versions[::-1], may_change=may, **kwargs
        )


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    if not before:
        return []
    return [
        (say_field(name), say_value(name, before.get(name)), say_value(name, value))
        for name, value in after.items()
        if before.get(name) != value
    ]
