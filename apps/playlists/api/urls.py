"""Addresses of playlists, below the API's root."""

from django.urls import URLPattern, URLResolver, re_path
from rest_framework.routers import SimpleRouter

from apps.playlists.api.views import PlaylistViewSet

_router = SimpleRouter()
_router.register("playlists", PlaylistViewSet, "playlist")

_export = PlaylistViewSet.as_view(
    {"get": "export"}, detail=True, parameters=("paths",), pagination_class=None
)

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^playlists/(?P<pk>[0-9]+)/export\.m3u8$", _export, name="playlist-export"),
    *_router.urls,
]
