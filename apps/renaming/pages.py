"""Renaming files: the template, what would come of it, what came of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.jobs.models import Job
from apps.library.search import Asker, QueryError, Question
from apps.library.services.paths import shown
from apps.renaming.choices import BatchState, Reason, RenameState
from apps.renaming.forms import RenameForm
from apps.renaming.models import Rename, RenameBatch
from apps.renaming.reading import MODIFIERS
from apps.renaming.services.history import COUNTS, lines_of, samples_of, with_counts
from apps.renaming.services.placeholders import known_fields
from apps.renaming.services.plan import chosen, new_batch, new_undo
from apps.renaming.tasks import propose, request_run
from apps.renaming.template import BUILT_IN

_RECENT = 20
_SAMPLES = 100
_LINES = 100
_EXAMPLES = (
    "{title}",
    "{studio|default Others}/{date:%Y}/{title}",
    "{title}< ({date:%Y})>< [{resolution}]>",
    "<{studio}/>{performers|first 3} - {title}",
)
_BEGUN = (BatchState.RUNNING, BatchState.DONE)
_COUNTED = {
    "to_rename": "to rename", "renamed": "renamed", "refused": "left alone", "failed": "failed",
    "undone": "renamed back",
}  # fmt: skip


class RenamePage(AdminPage):
    """``?q=`` or ``?id=ID&id=ID``: the template, and what was renamed before."""

    title = "Rename files"
    name = "renaming_rename"
    route = "rename/"
    permission_required = "library.change_video"
    template_name = "admin/renaming/rename.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = {"template": _last_template(request), "sidecars": True, "q": request.GET.get("q")}
        return self._show(RenameForm(initial={**asked, "id": request.GET.getlist("id")}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = RenameForm(request.POST)
        if not form.is_valid():
            return self._show(form)
        asked = form.cleaned_data
        ids = sorted(video.pk for video in asked["id"]) or None
        try:
            question = Question.read("" if ids else asked["q"], asker=Asker.of(request.user))
            batch = new_batch(
                asked["template"], windows=asked["windows"], sidecars=asked["sidecars"],
                query=question.text,
            )  # fmt: skip
            propose(batch, ids=ids)
        except MediaHubError as error:
            form.add_error("q" if isinstance(error, QueryError) else "template", str(error))
            return self._show(form)
        return redirect("admin:renaming_batch", batch.pk)

    def _show(self, form: RenameForm) -> HttpResponse:
        recent = with_counts(RenameBatch.objects.select_related("user")).order_by("-pk")
        ids = [pk for pk in map(str, form["id"].value() or ()) if pk.isdecimal() and len(pk) < 19]
        return self.render_to_response(
            self.get_context_data(
                form=form, examples=_EXAMPLES, modifiers=MODIFIERS,
                values=[*BUILT_IN.items(), *((key, "your field") for key in known_fields())],
                recent=[(batch, _numbers(batch)) for batch in recent[:_RECENT]],
                ids=ids, count=chosen(map(int, ids)).count() if ids else None,
            )
        )  # fmt: skip


class BatchPage(AdminPage):
    """A plan, or what came of it."""

    title = "Rename files"
    name = "renaming_batch"
    route = "rename/<int:pk>/"
    permission_required = "library.change_video"
    template_name = "admin/renaming/batch.html"

    def post(self, request: HttpRequest, **_ids: int) -> HttpResponse:
        batch = self._batch()
        try:
            if request.POST.get("deed") == "undo":
                batch = new_undo(batch)
                propose(batch)
            else:
                job = request_run(batch)
                messages.success(request, f"The files are being renamed (job {job.pk}).")
        except MediaHubError as error:
            messages.error(request, str(error))
        return redirect("admin:renaming_batch", batch.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        batch = self._batch()
        state, after = self.request.GET.get("state", ""), self.request.GET.get("after", "")
        if state in RenameState.values:
            start = int(after) if after.isdecimal() and len(after) < 19 else 0
            found = lines_of(batch, state=state, after=start, limit=_LINES + 1)
        else:
            state, found = "", samples_of(batch, limit=_SAMPLES)
        lines = found[:_LINES] if state else found
        return super().get_context_data(
            batch=batch, numbers=_numbers(batch), lines=[_line(line) for line in lines],
            state=state, more_after=lines[-1].pk if state and len(found) > _LINES else None,
            states=_states(batch), jobs=_jobs_of(batch), **_may(batch), **kwargs,
        )  # fmt: skip

    def _batch(self) -> Any:
        return get_object_or_404(with_counts(RenameBatch.objects.all()), pk=self.kwargs["pk"])


def _last_template(request: HttpRequest) -> str:
    mine = RenameBatch.objects.filter(user=request.user.pk, undoes=None).order_by("-pk")
    return mine.values_list("template", flat=True).first() or "{title}"


def _numbers(batch: Any) -> list[tuple[str, str]]:
    numbers = [(getattr(batch, name), _COUNTED[name]) for name in COUNTS]
    return [
        (f"{number:,}", words) for number, words in [*numbers, (batch.unchanged, "unchanged")]
        if number
    ]  # fmt: skip


def _states(batch: RenameBatch) -> list[tuple[str, str]]:
    there = set(batch.renames.order_by().values_list("state", flat=True).distinct())
    return [(state.value, str(state.label)) for state in RenameState if state in there]


def _line(line: Rename) -> dict[str, Any]:
    return {
        "old": shown(bytes(line.old)), "new": shown(bytes(line.new)), "video": line.video_id,
        "library": line.library, "state": line.get_state_display(),
        "bad": line.state in (RenameState.REFUSED, RenameState.FAILED),
        "reason": Reason(line.reason).label if line.reason else "",
    }  # fmt: skip


def _may(batch: Any) -> dict[str, bool]:
    planned = batch.state in (BatchState.READY, BatchState.RUNNING)
    return {
        "may_run": planned and batch.to_rename > 0 and not _jobs_of(batch),
        "may_undo": batch.state in _BEGUN and batch.renamed > 0 and batch.to_rename == 0,
    }


def _jobs_of(batch: RenameBatch) -> list[Job]:
    at_work = Job.objects.active().filter(
        kind__in=["renaming.plan", "renaming.rename"], params__batch_id=batch.pk
    )
    return list(at_work.order_by("pk")[:_RECENT])
