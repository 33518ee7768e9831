"""The product's one admin site."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from unfold.sites import UnfoldAdminSite

# django-q2's forms store names of functions to call: whoever may add a schedule may run anything.
_REFUSED_APPS = {"django_q"}


class MediaHubAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """Has a home page of its own, and takes in no model whose form would be a way to run code."""

    site_header = site_title = "MediaHub"
    index_title = "Home"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models = (
            model_or_iterable
            if isinstance(model_or_iterable, list | tuple)
            else [model_or_iterable]
        )
        wanted = [model for model in models if model._meta.app_label not in _REFUSED_APPS]
        super().register(wanted, admin_class, **options)

    def extra_urls(self) -> list[URLPattern]:
        from apps.ops.pages import HealthPage

        return [HealthPage.url()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from apps.jobs.pages.own import bell

        return {**super().each_context(request), "bell": bell(request)}

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse | HttpResponse:
        from mediahub.home import home

        context = {**home(request), **(extra_context or {})}
        if request.GET.get("fragment") == "live":
            return TemplateResponse(request, "admin/_home_live.html", context)
        response: TemplateResponse = super().index(request, context)
        return response
