"""The markers' part of the API's addresses."""

from django.urls import URLPattern, re_path

from apps.markers.api.deeds import ChaptersView, SplitView
from apps.markers.api.files import ImportView, export_view

_VIDEO = "^videos/(?P<pk>[0-9]+)/"

urlpatterns: list[URLPattern] = [
    re_path(rf"{_VIDEO}markers\.vtt$", export_view("vtt").as_view(), name="video-markers-vtt"),
    re_path(rf"{_VIDEO}markers\.json$", export_view("json").as_view(), name="video-markers-json"),
    re_path(rf"{_VIDEO}markers\.edl$", export_view("edl").as_view(), name="video-markers-edl"),
    re_path(
        rf"{_VIDEO}chapters\.ffmetadata$",
        export_view("ffmetadata").as_view(),
        name="video-chapters-ffmetadata",
    ),
    re_path(rf"{_VIDEO}markers/import/$", ImportView.as_view(), name="video-markers-import"),
    re_path(rf"{_VIDEO}split/$", SplitView.as_view(), name="video-split"),
    re_path(rf"{_VIDEO}chapters/write/$", ChaptersView.as_view(), name="video-chapters-write"),
]
