"""Making one label of several: which is kept, what moves into it, and the button."""

from collections.abc import Sequence
from typing import ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.library.forms.merge import MergeForm
from apps.library.models import Performer, Studio, Tag
from apps.library.models.label import Named
from apps.library.services.merge import belongings, merge_all


class MergePage(AdminPage):
    """``?id=ID&id=ID``: labels of one kind."""

    route = "merge/"
    template_name = "admin/library/merge.html"
    model: ClassVar[type[Named]]

    def get(self, request: HttpRequest) -> HttpResponse:
        form = MergeForm(self.model, {"id": request.GET.getlist("id")})
        return self._show(form)

    def post(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(f"library.change_{self.model._meta.model_name}"):
            raise PermissionDenied
        form = MergeForm(self.model, request.POST)
        if not form.is_valid():
            return self._show(form, asked=True)
        asked = form.cleaned_data
        try:
            into = merge_all(asked["sources"], into=asked["into"])
        except MediaHubError as error:
            form.add_error(None, str(error))
            return self._show(form, asked=True)
        names = ", ".join(map(str, asked["sources"]))
        messages.success(request, f"{into} has everything of {names} now.")
        return redirect(f"admin:library_{self.model._meta.model_name}_change", into.pk)

    def _show(self, form: forms.Form, *, asked: bool = False) -> HttpResponse:
        form.is_valid()
        chosen = list(form.cleaned_data.get("id") or ())
        moves = belongings(chosen)
        kept = form["keep"].value() or (str(chosen[0].pk) if len(chosen) > 1 else "another")
        return self.render_to_response(
            self.get_context_data(
                form=form, kept=kept, kinds=self.model._meta.verbose_name_plural,
                rows=[(row, _numbers(moves[row.pk]), _names(row)) for row in chosen],
                errors=[said for some in form.errors.values() for said in some] if asked else [],
            )
        )  # fmt: skip


class MergeTags(MergePage):
    title = "Merge tags"
    name = "library_tag_merge"
    permission_required = "library.delete_tag"
    model = Tag


class MergePerformers(MergePage):
    title = "Merge performers"
    name = "library_performer_merge"
    permission_required = "library.delete_performer"
    model = Performer


class MergeStudios(MergePage):
    title = "Merge studios"
    name = "library_studio_merge"
    permission_required = "library.delete_studio"
    model = Studio


_ONE = {
    "videos": "video", "markers": "marker", "tags below it": "tag below it",
    "pictures": "picture", "smaller studios": "smaller studio",
}  # fmt: skip


def _numbers(moves: Sequence[tuple[str, int]]) -> str:
    told = [f"{number:,} {name if number > 1 else _ONE[name]}" for name, number in moves if number]
    return ", ".join(told) or "nothing"


def _names(label: Named) -> str:
    return ", ".join(label.aliases)
