"""Addresses of insights, below the API's root."""

from django.urls import URLPattern, URLResolver, path

from apps.insights.api.graph import NetworkView
from apps.insights.api.views import StatisticsView

urlpatterns: list[URLPattern | URLResolver] = [
    path("statistics/", StatisticsView.as_view(), name="statistics"),
    path("performers/graph/", NetworkView.as_view(), name="performer-graph"),
]
