"""How one wants the player, as a page."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.pages import AdminPage
from apps.playback.forms import PlayerSettingsForm
from apps.playback.services.settings import change_settings, settings_of


class PlayerSettingsPage(AdminPage):
    """One's own keys and what the player does by itself."""

    title = "Your player"
    name = "playback_settings"
    route = "player/"
    permission_required = "library.view_video"
    template_name = "admin/playback/settings.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if "form" not in kwargs:
            user: Any = self.request.user
            kwargs["form"] = PlayerSettingsForm.of(settings_of(user))
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if "reset" in request.POST:
            change_settings(user, {"shortcuts": {}})
            messages.success(request, "The keys are the usual ones again.")
            return redirect("admin:playback_settings")
        form = PlayerSettingsForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        change_settings(user, form.values())
        messages.success(request, "Your player was changed.")
        return redirect("admin:playback_settings")
