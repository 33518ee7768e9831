"""Addresses of stash-boxes and candidates, below the API's root."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from apps.stashbox.api.matches import MatchViewSet
from apps.stashbox.api.views import IdentifySettingsView, StashBoxViewSet

_router = SimpleRouter(use_regex_path=True)
_router.register("stash-boxes/matches", MatchViewSet, "stashmatch")
_router.register("stash-boxes", StashBoxViewSet, "stashbox")

urlpatterns: list[URLPattern | URLResolver] = [
    path("stash-boxes/settings/", IdentifySettingsView.as_view(), name="identify-settings"),
    *_router.urls,
]
