"""Pages of the admin that are neither a list nor a form of one model."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.urls import URLPattern, path
from django.views.generic import TemplateView


class AdminPage(PermissionRequiredMixin, TemplateView):
    """A page in the admin's frame. Its app's ``ModelAdmin`` names it in ``pages``.

    ``fragments`` are parts that the page's script asks for anew while something is under way:
    ``?fragment=NAME`` answers with that template alone, made from the same context.
    """

    title: str
    name: ClassVar[str]
    route: ClassVar[str]
    permission_required: str
    fragments: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def url(cls) -> URLPattern:
        """The page's address, behind the admin's login."""
        return path(cls.route, admin.site.admin_view(cls.as_view()), name=cls.name)

    def get_template_names(self) -> list[str]:
        fragment = self.request.GET.get("fragment", "")
        if fragment in self.fragments:
            return [self.fragments[fragment]]
        return super().get_template_names()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if "fragment" not in self.request.GET:
            context |= admin.site.each_context(self.request)
        return {"title": self.title, **context}
