"""The artifacts' part of the API's addresses, beside what its router makes."""

from django.urls import URLPattern, re_path

from apps.artifacts.api.views import CoverView

urlpatterns: list[URLPattern] = [
    re_path(r"^videos/(?P<pk>[0-9]+)/cover/$", CoverView.as_view(), name="video-cover"),
]
