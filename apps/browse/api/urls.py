"""Addresses of browse, below the API's root."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from apps.browse.api.deeds import MakeView
from apps.browse.api.settings import BrowseSettingsView
from apps.browse.api.views import SavedViewSet

_router = SimpleRouter()
_router.register("saved-views", SavedViewSet, "savedview")

urlpatterns: list[URLPattern | URLResolver] = [
    path("browse-settings/", BrowseSettingsView.as_view(), name="browse-settings"),
    path("videos/make/", MakeView.as_view(), name="videos-make"),
    *_router.urls,
]
