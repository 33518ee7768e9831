"""The page that asks before a change is undone."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from apps.core import undo
from apps.core.admin.shown import show
from apps.core.changes import Change, tell
from apps.core.errors import MediaHubError
from apps.core.models import AuditAction, AuditEntry
from apps.core.pages import AdminPage


class UndoPage(AdminPage):
    """What an undo would change, what stands against it, and the button."""

    title = "Undo a change"
    name = "core_auditentry_undo"
    route = "<int:pk>/undo/"
    permission_required = "core.view_auditentry"
    template_name = "admin/core/undo.html"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        entry = self._entry(pk)
        try:
            undone = undo.undo(entry, force="force" in request.POST)
        except MediaHubError as error:
            messages.error(request, str(error))
            return redirect(request.get_full_path())
        messages.success(request, "Undone; this is written down here, too, and can be undone.")
        if undone.lost:
            messages.warning(request, f"What doesn't come back: {', '.join(undone.lost)}.")
        return redirect("admin:core_auditentry_change", undone.entry.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entry = self._entry(self.kwargs["pk"])
        try:
            wanted, refusal = undo.steps(entry), ""
        except MediaHubError as error:
            wanted, refusal = [], str(error)
        told = tell([Change(entry.object_type, s.field, s.now, s.back) for s in wanted])
        return super().get_context_data(
            shown=show([entry], user=self.request.user)[0], refusal=refusal,
            steps=list(zip(wanted, told, strict=True)),
            contested=any(step.contested for step in wanted),
            deleted=entry.action == AuditAction.DELETED, **kwargs,
        )  # fmt: skip

    def _entry(self, pk: int) -> AuditEntry:
        """Raises PermissionDenied for who may not change what it is about."""
        entry: AuditEntry = get_object_or_404(AuditEntry.objects.select_related("user"), pk=pk)
        if not self.request.user.has_perm(undo.permission(entry)):
            raise PermissionDenied
        return entry
