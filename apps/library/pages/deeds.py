"""Pages on which something is asked of files: why one isn't there, to read some again."""

import os
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.library.forms.deeds import ReadAgainForm, WhyForm
from apps.library.models import File
from apps.library.services.explain import Explanation, explain, patient_disk
from apps.library.tasks import request_probes

_NAMED = 25


class WhyPage(AdminPage):
    """Why is a file not in the catalogue? ``?path=``, absolute."""

    title = "Why isn't a file here?"
    name = "library_file_why"
    route = "why/"
    permission_required = "library.view_library"
    template_name = "admin/library/why.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = WhyForm(self.request.GET if "path" in self.request.GET else None)
        answer = _answer(form) if form.is_bound and form.is_valid() else None
        return super().get_context_data(form=form, answer=answer, **kwargs)


def _answer(form: WhyForm) -> Explanation | None:
    path = os.fsencode(form.cleaned_data["path"].strip(" \t"))
    try:
        with patient_disk() as disk:
            return explain(path, disk=disk)
    except MediaHubError as error:
        form.add_error("path", str(error))
        return None


class ReadAgainPage(AdminPage):
    """Which of some files' values are read anew: ``?file=ID&file=ID``."""

    title = "Read files again"
    name = "library_file_read_again"
    route = "read-again/"
    permission_required = "library.scan_library"
    template_name = "admin/library/read_again.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ReadAgainForm(request.POST)
        if not form.is_valid() or not form.cleaned_data["file"]:
            messages.error(request, "These files can't be read again: choose some of the list.")
            return redirect("admin:library_file_changelist")
        files = form.cleaned_data["file"]
        job = request_probes(files, refresh=form.cleaned_data["refresh"])
        messages.success(request, f"{len(files):,} files are being read again (job {job.pk}).")
        return redirect("admin:library_file_changelist")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = ReadAgainForm(self.request.GET)
        files = form.cleaned_data["file"] if form.is_valid() else File.objects.none()
        libraries = files.order_by().values("library__name").annotate(n=Count("pk"))
        return super().get_context_data(
            form=form, files=list(files[:_NAMED]), count=len(files),
            libraries=list(libraries.order_by("library__name")), **kwargs,
        )  # fmt: skip
