"""Addresses of machines, below the API's root."""

from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from apps.machines.api.views import MachineViewSet

_router = SimpleRouter(use_regex_path=True)
_router.register("machines", MachineViewSet, "machine")

urlpatterns: list[URLPattern | URLResolver] = [*_router.urls]
