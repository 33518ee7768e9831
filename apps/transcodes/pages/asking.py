"""What would be done, before it is: with one video, with many, by a rule."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.core.units import say_bytes, say_seconds
from apps.library.models import Video
from apps.machines.services import inventory
from apps.transcodes.forms import AskForm
from apps.transcodes.models import EncodingProfile, TranscodeRule
from apps.transcodes.pages.views import plan_view
from apps.transcodes.services import rules
from apps.transcodes.services.explain import explain
from apps.transcodes.services.requests import Forecast, Wish, foresee
from apps.transcodes.tasks.asking import chosen, request_many, request_one, request_rules
from apps.transcodes.words import say_deed

_SAMPLED = 300  # videos that are foreseen while a person waits
_MOST_IDS = 10_000
_OFFERED = 12
_LARGEST_ID = 2**63 - 1


class TryProfilePage(AdminPage):
    """``?video=``: what a profile would do with a video, its commands, and the button. A number
    names one; words are looked for as in Browse."""

    title = "Try a profile"
    name = "transcodes_encodingprofile_try"
    route = "<int:pk>/try/"
    permission_required = "transcodes.view_encodingprofile"
    template_name = "admin/transcodes/try.html"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Transcode that video."""
        if not request.user.has_perm("transcodes.add_transcode"):
            return self.handle_no_permission()
        profile = get_object_or_404(EncodingProfile, pk=pk)
        video = get_object_or_404(Video, pk=_id(request.POST.get("video", "")))
        try:
            asked, _job = request_one(video, profile)
        except MediaHubError as error:
            messages.error(request, str(error))
            return redirect(request.get_full_path())
        return redirect("admin:transcodes_transcode_change", asked.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        profile = get_object_or_404(EncodingProfile, pk=self.kwargs["pk"])
        told: dict[str, Any] = {"profile": profile}
        words = self.request.GET.get("video", "").strip()
        told["words"] = words
        if _id(words):
            told["video"] = Video.objects.filter(pk=_id(words)).first()
            encoder = self.request.GET.get("encoder", "")
            told |= _explained(told["video"], profile, encoder)
        else:
            told |= _offered(words, self.request.user.pk)
        return super().get_context_data(**told, **kwargs)


class TryRulePage(AdminPage):
    """What a rule would ask for now, and the button that does it."""

    title = "Try a rule"
    name = "transcodes_transcoderule_try"
    route = "<int:pk>/try/"
    permission_required = "transcodes.view_transcoderule"
    template_name = "admin/transcodes/try_rule.html"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm("transcodes.add_transcode"):
            return self.handle_no_permission()
        rule = get_object_or_404(TranscodeRule, pk=pk)
        job = request_rules([rule.pk])
        messages.success(request, f"{rule} is being run (job {job.pk}).")
        return redirect("admin:transcodes_transcoderule_changelist")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rules_there = TranscodeRule.objects.select_related("profile")
        rule = get_object_or_404(rules_there, pk=self.kwargs["pk"])
        told: dict[str, Any] = {"rule": rule}
        try:
            videos = rules.left_to(rule, now=timezone.localtime())
            wish = Wish.of(rule.profile, inventory.all_abilities(), rule=rule)
            told |= _foreseen(videos, wish)
        except MediaHubError as error:
            told["refusal"] = str(error)
        return super().get_context_data(**told, **kwargs)


class AskPage(AdminPage):
    """Chosen videos (``?id=`` several times) or those of a query (``?q=``): which profile they get,
    what that comes to, and the button."""

    title = "Transcode"
    name = "transcodes_ask"
    route = "ask/"
    permission_required = "transcodes.add_transcode"
    template_name = "admin/transcodes/ask.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = AskForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        values, which = form.cleaned_data, self._which()
        try:
            if request.POST.get("deed") == "ask":
                job = request_many(
                    values["profile"], **which, place=values["place"], again=values["again"]
                )
                messages.success(request, f"The videos are being asked for (job {job.pk}).")
                return redirect("admin:transcodes_transcode_changelist")
            wish = Wish.of(values["profile"], inventory.all_abilities(), place=values["place"])
            videos = chosen(**which, user_id=request.user.pk)
            told = _foreseen(videos, wish, again=values["again"])
        except MediaHubError as error:
            told = {"refusal": str(error)}
        return self.render_to_response(self.get_context_data(form=form, **told))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        which = self._which()
        kwargs.setdefault("form", AskForm())
        return super().get_context_data(
            ids=which["ids"], count=len(which["ids"] or ()), q=which["q"], **kwargs
        )

    def _which(self) -> dict[str, Any]:
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        ids = sorted({pk for text in given.getlist("id")[:_MOST_IDS] if (pk := _id(text))})
        return {"q": "" if ids else given.get("q", ""), "ids": ids or None}


def _offered(words: str, user_id: int | None) -> dict[str, Any]:
    """Videos to choose from: those that are found, else the newest."""
    videos = Video.objects.all()
    if words:
        try:
            videos = chosen(q=words, user_id=user_id)
        except MediaHubError as error:
            return {"refusal": str(error)}
    some = videos.filter(missing_since=None).order_by("-added_at", "-pk")[:_OFFERED]
    return {"examples": list(some), "refusal": "" if some or not words else "Nothing is found."}


def _explained(
    video: Video | None, profile: EncodingProfile, encoder: str
) -> dict[str, Any]:  # fmt: skip
    if video is None:
        return {"refusal": "There is no such video."}
    try:
        found = explain(video, profile, inventory.all_abilities(), encoder=encoder)
    except MediaHubError as error:
        return {"refusal": str(error)}
    return {
        "found": found, "plan": found.plan, "said": plan_view(found.plan.to_json()),
        "before": say_bytes(video.size_bytes), "after": say_bytes(found.plan.foreseen_bytes),
        "takes": say_seconds(found.plan.foreseen_s),
    }  # fmt: skip


def _foreseen(videos: Any, wish: Wish, *, again: bool = False) -> dict[str, Any]:
    """Of the first few hundred; with how many there are in all."""
    total = videos.order_by().count()
    some = videos.filter(pk__in=list(videos.order_by("pk").values_list("pk", flat=True)[:_SAMPLED]))
    forecast: Forecast = foresee(some, wish, again=again)
    scale = total / _SAMPLED if total > _SAMPLED else 1.0
    return {
        "forecast": forecast, "total": total, "is_estimate": scale > 1,
        "takes": say_seconds(forecast.foreseen_s * scale),
        "source_bytes": say_bytes(round(forecast.source_bytes * scale)),
        "foreseen_bytes": say_bytes(round(forecast.foreseen_bytes * scale)),
        "work": round(scale * sum(
            n for deed, n in forecast.by_deed.items() if deed not in ("skip", "refuse")
        )),
        "samples": [_sample(one) for one in forecast.samples],
    }  # fmt: skip


def _sample(one: dict[str, Any]) -> dict[str, Any]:
    deed, variant = say_deed(one["deed"])
    sizes = {name: say_bytes(one[name] or None) for name in ("source_bytes", "foreseen_bytes")}
    return {**one, **sizes, "deed": deed, "variant": variant}


def _id(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if is_number and int(text) <= _LARGEST_ID else 0
