"""Addresses of stash-boxes, candidates and performers, below the API's root."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from apps.stashbox.api.giving import GivingViewSet
from apps.stashbox.api.matches import MatchViewSet
from apps.stashbox.api.performers import PerformersAtBoxesViewSet, WaitingViewSet
from apps.stashbox.api.views import IdentifySettingsView, StashBoxViewSet

_router = SimpleRouter(use_regex_path=True)
_router.register("stash-boxes/matches", MatchViewSet, "stashmatch")
_router.register("stash-boxes/performers/waiting", WaitingViewSet, "performerlookup")
_router.register("stash-boxes/performers", PerformersAtBoxesViewSet, "performersatboxes")
_router.register("stash-boxes", StashBoxViewSet, "stashbox")
_router.register("stash-boxes", GivingViewSet, "stashboxgiving")

urlpatterns: list[URLPattern | URLResolver] = [
    path("stash-boxes/settings/", IdentifySettingsView.as_view(), name="identify-settings"),
    *_router.urls,
]
