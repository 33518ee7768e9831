"""The page that asks before a change is undone."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect

from apps.core import undo
from apps.core.admin.shown import show
from apps.core.changes import Change, Told, changes_in, tell
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
            undone = _undo(entry, request.POST)
        except MediaHubError as error:
            messages.error(request, str(error))
            return redirect(request.get_full_path())
        if isinstance(undone, undo.Asked):
            messages.success(request, "A job undoes it; then it is written down here, too.")
            return redirect("admin:jobs_job_change", undone.job_id)
        messages.success(request, "Undone; this is written down here, too, and can be undone.")
        if undone.lost:
            messages.warning(request, f"What doesn't come back: {', '.join(undone.lost)}.")
        return redirect("admin:core_auditentry_change", undone.entry.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entry = self._entry(self.kwargs["pk"])
        try:
            told = _of_many(entry) if entry.row_count else _of_one(entry)
        except MediaHubError as error:
            told = {"refusal": str(error)}
        return super().get_context_data(
            shown=show([entry], user=self.request.user)[0],
            deleted=entry.action == AuditAction.DELETED, **told, **kwargs,
        )  # fmt: skip

    def _entry(self, pk: int) -> AuditEntry:
        """Raises PermissionDenied for who may not change what it is about."""
        entries = AuditEntry.objects.readable_by(self.request.user).select_related("user")
        entry: AuditEntry = get_object_or_404(entries, pk=pk)
        if not self.request.user.has_perms(undo.permissions(entry)):
            raise PermissionDenied
        return entry


def _undo(entry: AuditEntry, asked: QueryDict) -> undo.Undone | undo.Asked:
    if not entry.row_count:
        return undo.undo(entry, force="force" in asked)
    wanted = asked.get("contested", "")
    known = wanted in {"overwrite", "keep"}
    return undo.undo_many(entry, undo.Contested(wanted) if known else undo.Contested.REFUSE)


def _of_one(entry: AuditEntry) -> dict[str, Any]:
    """What would become of the fields. Raises NotUndoable."""
    steps = undo.steps(entry)
    told = tell([Change(entry.object_type, s.field, s.now, s.back) for s in steps])
    return {
        "steps": list(zip(steps, told, strict=True)),
        "contested": any(step.contested for step in steps),
    }


def _of_many(entry: AuditEntry) -> dict[str, Any]:
    """What would become of the rows: how many, and some of them. Raises NotUndoable."""
    foreseen = undo.foresee(entry)
    if not foreseen.changed:
        raise undo.nothing_to_undo(foreseen.lost)
    return {
        "foreseen": foreseen,
        "changed": f"{foreseen.changed:,}",
        "contested": f"{foreseen.contested:,}",
        "samples": _tell(entry, foreseen.samples),
        "conflicts": _tell(entry, foreseen.conflicts),
    }


def _tell(
    entry: AuditEntry, samples: list[undo.Sample]
) -> list[tuple[undo.Sample, list[tuple[Told, bool]]]]:
    """Each row with its fields in words, and whether they were changed again since."""
    each = [(sample, changes_in(entry.object_type, sample.changes)) for sample in samples]
    told = iter(tell([change for _, changes in each for change in changes]))
    return [
        (sample, [(next(told), change.field in sample.contested) for change in changes])
        for sample, changes in each
    ]
