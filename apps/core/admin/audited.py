"""Forms whose every change goes through the audit."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Model, QuerySet, TextField
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.core import audit
from apps.core.admin.base import BaseAdmin, list_url
from apps.core.errors import MediaHubError
from apps.core.forms import AuditedForm, changed_relations, changed_values
from apps.core.models import AuditEntry, Versioned


class AuditedAdmin(BaseAdmin):
    """Saves, adds and deletes rows through ``core.audit``, those of inlines too.

    Django's own log of admin actions stays empty: the audit is the one history.
    """

    form: Any = AuditedForm
    change_form_before_template: Any = "admin/core/_version.html"
    deletes_what_it_may = False  # of what is chosen in a list; else all or nothing
    formfield_overrides: Any = {TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 4})}}

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        if not change:
            audit.create(obj, related=changed_relations(form))
            return
        stored = audit.update(
            obj,
            changed_values(form),
            related=changed_relations(form),
            expected_version=form.cleaned_data.get("version"),
        )
        if isinstance(obj, Versioned) and isinstance(stored, Versioned):
            obj.version = stored.version

    def save_related(
        self,
        request: HttpRequest,
        form: ModelForm,
        formsets: Iterable[Any],
        change: bool,
    ) -> None:
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)

    def save_formset(
        self,
        request: HttpRequest,
        form: ModelForm,
        formset: BaseInlineFormSet,
        change: bool,
    ) -> None:
        for row in formset.initial_forms:
            if row in formset.deleted_forms:
                audit.delete(row.instance)
            elif row.has_changed():
                audit.update(row.instance, changed_values(row), related=changed_relations(row))
        for row in formset.extra_forms:
            if row.has_changed() and row not in formset.deleted_forms:
                audit.create(formset.save_new(row, commit=False))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        audit.delete(obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for row in queryset:
            audit.delete(row)

    def get_deleted_objects(
        self, objs: Sequence[Model] | QuerySet, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """What a deletion takes along, told rather than listed: links to it may be a million."""
        told = [
            format_html("{}{}", obj, f": {consequence}" if consequence else "")
            for obj in objs
            for consequence in [self.consequence(obj)]
        ]
        kept = {str(obj) for obj in objs if not self.has_delete_permission(request, obj)}
        refused = set() if self.deletes_what_it_may else kept
        return told, {str(self.opts.verbose_name_plural): len(told)}, refused, []

    def consequence(self, _obj: Any) -> str:
        """What else happens when a row is deleted."""
        return ""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            response: HttpResponse = super().changeform_view(
                request, object_id, form_url, extra_context
            )
        except MediaHubError as error:  # changed or deleted between the form's check and the save
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())
        return response

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            response: HttpResponse = super().delete_view(request, object_id, extra_context)
        except MediaHubError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())
        return response

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        label = self.opts.label_lower
        return HttpResponseRedirect(list_url(AuditEntry, object_type=label, object_id=object_id))

    def construct_change_message(self, *_args: Any, **_kwargs: Any) -> list[Any]:
        return []

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Written down by the audit already, as are changes and deletions."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any: ...

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> Any: ...
