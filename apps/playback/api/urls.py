"""The playback's part of the API's addresses."""

from django.urls import URLPattern, path, re_path

from apps.playback.api.history import PlayedView, PlayerSettingsView, PlayViewSet
from apps.playback.api.streams import IndexView, MasterView, SegmentView, StreamView

_VIDEO = r"^videos/(?P<video>[0-9]{1,18})"
_VARIANT = _VIDEO + r"/hls/(?P<variant>[0-9a-z]{1,10})"

urlpatterns: list[URLPattern] = [
    re_path(_VIDEO + r"/played/$", PlayedView.as_view(), name="video-played"),
    path("plays/", PlayViewSet.as_view({"get": "list"}), name="play-list"),
    re_path(
        r"^plays/(?P<pk>[0-9]{1,18})/$",
        PlayViewSet.as_view({"get": "retrieve"}),
        name="play-detail",
    ),
    path("player-settings/", PlayerSettingsView.as_view(), name="player-settings"),
    re_path(_VIDEO + r"/stream/$", StreamView.as_view(), name="video-stream"),
    re_path(_VIDEO + r"/hls/master\.m3u8$", MasterView.as_view(), name="video-hls-master"),
    re_path(_VARIANT + r"/index\.m3u8$", IndexView.as_view(), name="video-hls-index"),
    re_path(
        _VARIANT + r"/(?P<piece>init\.mp4|[0-9]{1,7}\.m4s)$",
        SegmentView.as_view(),
        name="video-hls-piece",
    ),
]
