"""The playback's part of the API's addresses."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
