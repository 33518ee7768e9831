"""The bases of every list and form in the admin."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.db.models import Model
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.admin import ModelAdmin
from unfold.decorators import display

from apps.core.admin.lists import BoundedPaginator, StableChangeList
from apps.core.pages import AdminPage

Column = TypeVar("Column", bound=Callable[..., Any])


class BaseAdmin(ModelAdmin):  # type: ignore[misc]
    """Twenty-five rows a page, counted with a cap; ``pages`` are mounted beside the list."""

    pages: ClassVar[Sequence[type[AdminPage]]] = ()
    paginator: Any = BoundedPaginator
    list_per_page = 25
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # each would count all rows
    list_filter_submit = True
    list_fullwidth = True
    warn_unsaved_form = True
    # What a list that is empty without any filter says; ``empty_text`` may name what to do.
    empty_title = "Nothing here yet"
    empty_text = ""

    def get_urls(self) -> list[URLPattern]:
        return [*(page.url() for page in self.pages), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StableChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if ERROR_FLAG in request.GET:  # Django was sent here from an address that it can't read
            messages.warning(request, "A filter, an order or a page couldn't be used: here is all.")
        if any("\0" in value for _, values in request.GET.lists() for value in values):
            return redirect(f"{request.path}?{ERROR_FLAG}=1")  # the database holds no such letter
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))


class ReadOnlyAdmin(BaseAdmin):
    """Rows that only jobs and services write."""

    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def column(
    description: str,
    *,
    ordering: str | OrderBy | None = None,
    labels: Mapping[str, str] | None = None,
    boolean: bool | None = None,
) -> Callable[[Column], Column]:
    """A computed column or read-only field; ``labels`` maps values to Unfold's label colours."""
    decorate: Callable[[Column], Column] = display(
        description=description, ordering=ordering, label=labels, boolean=boolean
    )
    return decorate


def change_url(row: Model | type[Model], pk: int | None = None) -> str:
    """The admin's page of a row."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return reverse(name, args=[pk if isinstance(row, type) else row.pk])


def list_url(model: type[Model], **parameters: Any) -> str:
    """The admin's list of a model, filtered."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    return reverse(name, query=parameters or None)


def back_to(request: HttpRequest, view: str, *args: Any) -> HttpResponse:
    """Redirect to the page that a button stands on (its ``next``), else to ``view``."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return redirect(wanted if ours else reverse(view, args=args))
