"""Addresses of renaming, below the API's root."""

from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from apps.renaming.api.views import RenameViewSet

_router = SimpleRouter(use_regex_path=True)
_router.register("renames", RenameViewSet, "rename")

urlpatterns: list[URLPattern | URLResolver] = [*_router.urls]
