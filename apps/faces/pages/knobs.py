"""The knobs: how faces are found, grouped and named, tried on one's own before they count."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.faces.choices import Engine
from apps.faces.engines import files
from apps.faces.forms import FaceSettingsForm
from apps.faces.models import FaceLibrary, FaceSettings, Identity, Shot, Track
from apps.faces.pages import asked
from apps.faces.pages.histogram import draw
from apps.faces.pages.lab import rights_of
from apps.faces.services import libraries, preview
from apps.faces.services.settings import settings_of_all
from apps.library.models import Library


class KnobsPage(AdminPage):
    """``fragment=preview`` shows what the values in the address do to faces that are confirmed,
    ``fragment=dry`` what a regrouping by them would change, ``fragment=engines`` compares."""

    title = "Settings of faces"
    name = "faces_settings"
    route = "settings/"
    permission_required = "faces.view_identity"
    template_name = "admin/faces/knobs.html"
    fragments = {
        "preview": "admin/faces/_preview.html",
        "dry": "admin/faces/_dry.html",
        "engines": "admin/faces/_engines.html",
    }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        part = self.request.GET.get("fragment", "")
        told: dict[str, Any] = rights_of(self.request)
        if part in ("preview", "dry"):
            told |= _tried(self.request, part)
        elif part == "engines":
            told |= _guarded("compared", _compared)
        else:
            told |= {
                "form": kwargs.pop("form", None) or FaceSettingsForm(instance=settings_of_all()),
                "libraries": _libraries(), "engines": _engines(),
                "known": _known(), "may_switch": self.request.user.has_perm(_SWITCH),
            }  # fmt: skip
        return super().get_context_data(**told, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        deed = request.POST.get("deed", "")
        if deed not in _DEEDS:
            raise Http404("No such deed.")
        permission, perform = _DEEDS[deed]
        if not request.user.has_perm(permission):
            raise PermissionDenied
        if deed == "save":
            return self._save(request)
        try:
            said, page = perform(request)
        except MediaHubError as error:
            messages.error(request, str(error))
            return redirect("admin:faces_settings")
        messages.success(request, said)
        return redirect(page)

    def _save(self, request: HttpRequest) -> HttpResponse:
        form = FaceSettingsForm(request.POST, instance=settings_of_all())
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        values = {name: form.cleaned_data[name] for name in form.changed_data if name != "version"}
        try:
            libraries.edit_settings(values, expected_version=form.cleaned_data.get("version"))
        except MediaHubError as error:
            form.add_error(None, str(error))
            return self.render_to_response(self.get_context_data(form=form))
        said = "Saved."
        if "engine" in values:
            said = "Saved; the pictures that were kept are being read by that engine."
        if request.POST.get("regroup") and request.user.has_perm("faces.find"):
            from apps.faces.tasks.grouping import request_regroup  # arrays

            said = f"Saved; faces are being grouped anew (job {request_regroup().pk})."
        messages.success(request, said)
        return redirect("admin:faces_settings")


def _tried(request: HttpRequest, part: str) -> dict[str, Any]:
    """What the values in the address would do; the stored ones are left as they are."""
    form = FaceSettingsForm(request.GET, instance=settings_of_all())
    form.fields["version"].required = False
    if not form.is_valid():
        told = form.errors.get_json_data()
        faults = "; ".join(
            f"{form.fields[name].label}: {one['message']}"
            if name in form.fields
            else one["message"]
            for name, found in told.items()
            for one in found
        )
        return {"fault": faults}
    if part == "dry":
        return _guarded("dry", lambda: _foreseen(form.instance))
    values = {name: form.cleaned_data[name] for name in FaceSettingsForm.Meta.fields}
    told = _guarded("seen", lambda: preview.preview(values))
    if seen := told.get("seen"):
        told |= {
            "drawn": draw(seen),
            "levels": [
                (
                    "a name is given", seen.threshold, _percent(seen.precision),
                    _percent(seen.recall),
                ),
                (
                    "it is suggested", seen.suggested.threshold,
                    _percent(seen.suggested.precision), _percent(seen.suggested.recall),
                ),
            ],
        }  # fmt: skip
    return told


def _foreseen(settings: FaceSettings) -> list[str]:
    """Splits, merges and the like by their numbers; nothing where nothing would change."""
    from apps.faces.services import regroup  # arrays and indexes: not in every process

    plan = regroup.foresee_at_once(settings)
    told = (
        ("splits", plan.splits), ("merges", plan.merges), ("assigns", plan.assigned),
        ("moves", plan.moved), ("takes back", plan.taken_back), ("proposes", plan.proposals),
    )  # fmt: skip
    return [f"{words} {number:,}" for words, number in told if number]


def _compared() -> list[dict[str, Any]]:
    return [
        {
            "label": row.label, "faces": row.faces,
            "precision": _percent(row.precision), "recall": _percent(row.recall),
        }
        for row in preview.compare_engines()
    ]  # fmt: skip


def _percent(part: float | None) -> str:
    return "-" if part is None else f"{part * 100:.1f} %"


def _guarded(name: str, ask: Any) -> dict[str, Any]:
    try:
        return {name: ask()}
    except MediaHubError as error:
        return {"fault": str(error)}


_SWITCH = "faces.change_facelibrary"
_LAB = "admin:faces_lab"


def _switch(request: HttpRequest) -> tuple[str, str]:
    """What to say, and where to go on. A library that is switched on is looked through at once:
    the page where people come is the next one."""
    library = get_object_or_404(Library, pk=asked.number_in(request.POST.get("library", "")))
    on = request.POST.get("enabled") == "1"
    names = request.POST.get("apply_names") == "1"
    was_on = FaceLibrary.objects.filter(library=library, enabled=True).exists()
    libraries.edit_library(library, enabled=on, apply_names=names)
    if on == was_on:
        return f"Saved for {library}.", "admin:faces_settings"
    if not on:
        said = (
            f"Faces are no longer looked for in {library}; what is known stays until it is wiped."
        )
        return said, "admin:faces_settings"
    return f"Faces are looked for in {library}: people come here as they are found.", _LAB


_DEEDS: dict[str, tuple[str, Any]] = {
    "save": ("faces.change_facesettings", None),
    "library": (_SWITCH, _switch),
}


def _engines() -> list[dict[str, Any]]:
    return [
        {
            "label": Engine(one.id).label, "ok": one.ok, "device": one.device,
            "detail": one.detail[:1].upper() + one.detail[1:].rstrip(".") + ".",
        }
        for one in files.statuses()
    ]  # fmt: skip


def _libraries() -> list[dict[str, Any]]:
    rows = {row.library_id: row for row in FaceLibrary.objects.all()}
    return [
        {
            "pk": library.pk, "name": str(library),
            "enabled": library.pk in rows and rows[library.pk].enabled,
            "apply_names": library.pk not in rows or rows[library.pk].apply_names,
        }
        for library in Library.objects.order_by("name", "pk")
    ]  # fmt: skip


def _known() -> dict[str, str]:
    """How much there is, for the words before a wipe."""
    from apps.core.counting import count_rows

    rows = {"faces": Track, "pictures": Shot, "people": Identity}
    return {name: str(count_rows(model._default_manager.all())) for name, model in rows.items()}
