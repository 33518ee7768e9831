"""The artifacts' part of the API's addresses, beside what its router makes."""

from django.urls import URLPattern, path

from apps.artifacts.api.views import CoverView

urlpatterns: list[URLPattern] = [
    path("videos/<int:pk>/cover/", CoverView.as_view(), name="video-cover"),
]
