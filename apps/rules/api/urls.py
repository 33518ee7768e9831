"""Addresses of rules, below the API's root."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from apps.rules.api.views import AutoTagSettingsView, AutoTagView, RuleViewSet

_router = SimpleRouter(use_regex_path=True)
_router.register("rules", RuleViewSet, "rule")

urlpatterns: list[URLPattern | URLResolver] = [
    path("rules/autotag/", AutoTagView.as_view(), name="rule-autotag"),
    path("rules/autotag/settings/", AutoTagSettingsView.as_view(), name="rule-autotag-settings"),
    *_router.urls,
]
