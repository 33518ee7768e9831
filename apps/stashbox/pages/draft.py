"""A video or performer that a stash-box doesn't know yet, given to it as a draft."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.core.units import say_bytes
from apps.library.models import Performer, Video
from apps.stashbox.models import StashBox
from apps.stashbox.pages.queue import number_in
from apps.stashbox.services.boxes import in_order
from apps.stashbox.services.drafts import draft_of, was_given
from apps.stashbox.tasks import request_draft


class DraftPage(AdminPage):
    """``?video=`` or ``?performer=`` say of what, ``box`` to whom: what would be sent is shown to
    the letter. The button starts the job."""

    title = "Give a draft"
    name = "stashbox_stashbox_draft"
    route = "draft/"
    permission_required = "stashbox.submit"
    template_name = "admin/stashbox/draft.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        row = _row(request.GET)
        box = get_object_or_404(StashBox, pk=number_in(request.POST.get("box", "")))
        try:
            job = request_draft(row, box, again="again" in request.POST)
        except MediaHubError as error:
            messages.error(request, str(error))
            return redirect(request.get_full_path())
        messages.success(request, f"The draft is being given to {box} (job {job.pk}).")
        return redirect("admin:stashbox_stashbox_give", box.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row, boxes = _row(self.request.GET), [box for box in in_order() if box.may_submit]
        wanted = number_in(self.request.GET.get("box", ""))
        box = next((box for box in boxes if box.pk == wanted), boxes[0] if boxes else None)
        told: dict[str, Any] = {"row": row, "of": row._meta.model_name, "boxes": boxes, "box": box}
        if box is not None:
            draft = draft_of(row, box)
            told |= {
                "fields": list(_in_words(draft.fields)),
                "image": say_bytes(len(draft.image)) if draft.image else "",
                "given": was_given(draft, box),
            }
        return super().get_context_data(**told, **kwargs)


def _row(asked: QueryDict) -> Video | Performer:
    if "video" in asked:
        video: Video = get_object_or_404(Video, pk=number_in(asked.get("video", "")))
        return video
    performer: Performer = get_object_or_404(Performer, pk=number_in(asked.get("performer", "")))
    return performer


def _in_words(fields: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The box's names of the fields, and what each says; of objects their values."""
    for name, value in fields.items():
        values = value if isinstance(value, list) else [value]
        yield name, [" · ".join(map(str, v.values())) if isinstance(v, dict) else str(v)
                     for v in values]  # fmt: skip
