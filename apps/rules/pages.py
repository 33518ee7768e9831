"""Trying a rule, and finding labels by their names: what would come of it, then the deed."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.core.forms import changed_relations, changed_values
from apps.core.pages import AdminPage
from apps.editing.services.bulk import Outcome, Sample
from apps.library.models import Performer, Studio, Tag
from apps.rules.forms import AutoTagForm
from apps.rules.models import Rule
from apps.rules.services.autotag import foresee, settings_of_all
from apps.rules.services.rules import foresee_rule
from apps.rules.tasks import chosen, request_autotag, request_run

_WORDS = {True: "yes", False: "no"}
_LABELS: dict[str, Any] = {"tags": Tag, "performers": Performer, "studio": Studio}


class TryRulePage(AdminPage):
    """What a rule would change now, and the button that does it."""

    title = "Try a rule"
    name = "rules_rule_try"
    route = "<int:pk>/try/"
    permission_required = "library.change_video"
    template_name = "admin/rules/try.html"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        rule = get_object_or_404(Rule, pk=pk)
        job = request_run([rule.pk])
        messages.success(request, f"{rule} is being run (job {job.pk}).")
        return redirect("admin:rules_rule_changelist")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rule = get_object_or_404(Rule, pk=self.kwargs["pk"])
        told: dict[str, Any] = {"rule": rule}
        try:
            outcome = foresee_rule(rule, now=timezone.localtime())
        except MediaHubError as error:
            told["refusal"] = str(error)
        else:
            told |= {"outcome": outcome, "samples": shown_samples(outcome)}
        return super().get_context_data(**told, **kwargs)


class AutoTagPage(AdminPage):
    """``?q=``: how names are looked for, what would be found, and the button."""

    title = "Find labels by their names"
    name = "rules_autotag"
    route = "names/"
    permission_required = "library.change_video"
    template_name = "admin/rules/autotag.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        query = request.POST.get("q", "")
        if request.POST.get("deed") == "apply":
            return self._apply(request, query)
        form = AutoTagForm(request.POST, instance=settings_of_all())
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            audit.update(
                settings_of_all(), changed_values(form), related=changed_relations(form),
                expected_version=form.cleaned_data.get("version"),
            )  # fmt: skip
        except MediaHubError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Saved.")
        return redirect("admin:rules_autotag")

    def _apply(self, request: HttpRequest, query: str) -> HttpResponse:
        try:
            chosen(q=query)
            job = request_autotag(q=query)
        except MediaHubError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"Labels are being found (job {job.pk}).")
        return redirect("admin:rules_autotag")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row, told = settings_of_all(), dict[str, Any]()
        if "q" in self.request.GET:
            told["q"] = self.request.GET["q"]
            try:
                found = foresee(chosen(q=told["q"]), row)
            except MediaHubError as error:
                told["refusal"] = str(error)
            else:
                told |= {
                    "outcome": found.outcome, "samples": shown_samples(found.outcome),
                    "busiest": found.busiest,
                }  # fmt: skip
        kwargs.setdefault("form", AutoTagForm(instance=row))
        return super().get_context_data(**told, **kwargs)


def shown_samples(outcome: Outcome) -> list[tuple[Sample, list[tuple[str, str, str]]]]:
    """Samples with the names of labels in place of their ids."""
    names = {field: model.objects.in_bulk(_ids(outcome, field)) for field, model in _LABELS.items()}
    return [
        (sample, [_said(field, pair, names.get(field)) for field, pair in sample.changes.items()])
        for sample in outcome.samples
    ]


def _ids(outcome: Outcome, field: str) -> set[int]:
    values = [value for sample in outcome.samples for value in sample.changes.get(field, ())]
    listed = [value if isinstance(value, list) else [value] for value in values]
    return {pk for ids in listed for pk in ids if pk}


def _said(field: str, pair: list[Any], rows: dict[int, Any] | None) -> tuple[str, str, str]:
    def say(value: Any) -> str:
        if rows is None:
            return (
                "-" if value is None else _WORDS[value] if isinstance(value, bool) else str(value)
            )
        ids = value if isinstance(value, list) else [value]
        return ", ".join(str(rows[pk]) for pk in ids if pk in rows) or "-"

    return field, say(pair[0]), say(pair[1])
