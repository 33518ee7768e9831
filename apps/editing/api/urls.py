"""Addresses of editing, below the API's root."""

from django.urls import URLPattern, URLResolver, path

from apps.editing.api.views import BulkView

urlpatterns: list[URLPattern | URLResolver] = [
    path("videos/bulk/", BulkView.as_view(), name="videos-bulk"),
]
