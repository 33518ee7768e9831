"""Addresses of browse, below the API's root."""

from django.urls import URLPattern, URLResolver, path

from apps.browse.api.settings import BrowseSettingsView

urlpatterns: list[URLPattern | URLResolver] = [
    path("browse-settings/", BrowseSettingsView.as_view(), name="browse-settings"),
]
