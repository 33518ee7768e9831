"""Health checks, outside the API."""

from django.urls import path

from apps.ops.views import healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
