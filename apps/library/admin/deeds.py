"""What can be asked of files from the lists of files and of videos."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.library.models import File


class FileDeeds:
    """Two actions, each of which leads to a page that says what will happen.

    ``files_of`` tells the files of what was chosen.
    """

    file_deeds: ClassVar[list[str]] = ["read_again", "forget_missing"]

    def files_of(self, chosen: QuerySet[Any]) -> QuerySet[File]:
        raise NotImplementedError

    def has_scan_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("library.scan_library"))

    def has_forget_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("library.delete_video"))

    @admin.action(description="Read again…", permissions=["scan"])
    def read_again(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse:
        return _page("admin:library_file_read_again", self.files_of(chosen))

    @admin.action(description="Forget what is missing…", permissions=["forget"])
    def forget_missing(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
        files = self.files_of(chosen).missing()  # type: ignore[attr-defined]
        if not files.exists():
            messages.warning(request, "None of these is missing: only missing files are forgotten.")
            return None
        return _page("admin:library_library_forget", files)


def _page(name: str, files: QuerySet[File]) -> HttpResponse:
    ids = list(files.order_by("pk").values_list("pk", flat=True)[:1_000])
    return redirect(reverse(name, query={"file": ids}))
