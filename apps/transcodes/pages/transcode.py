"""One transcode: how far it is, what was planned, tried and proven; bringing its source back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.core.units import say_bitrate, say_seconds, say_timecode
from apps.ffmpeg.transcoding.picture_criteria import codec_name
from apps.jobs.choices import ACTIVE
from apps.jobs.models import Job
from apps.jobs.pages import job_views
from apps.transcodes.choices import Outcome
from apps.transcodes.models import Transcode
from apps.transcodes.pages.views import plan_view, transcode_views
from apps.transcodes.tasks.trash import request_restore


class TranscodePage(AdminPage):
    """What Django would show as a form."""

    title = "Transcode"
    name = "transcodes_transcode_change"
    route = "<int:pk>/change/"
    permission_required = "transcodes.view_transcode"
    template_name = "admin/transcodes/transcode.html"
    fragments: ClassVar[Mapping[str, str]] = {"live": "admin/transcodes/_transcode_live.html"}

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Bring the source back."""
        if not request.user.has_perm("transcodes.restore_transcode"):
            return self.handle_no_permission()
        try:
            job = request_restore(get_object_or_404(Transcode, pk=pk))
        except MediaHubError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"The source is being brought back (job {job.pk}).")
        return redirect("admin:transcodes_transcode_change", pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Transcode.objects.with_state().select_related(
            "profile__profile", "library", "video", "job", "rule", "requested_by"
        )  # fmt: skip
        transcode = get_object_or_404(rows, pk=self.kwargs["pk"])
        now, user = timezone.now(), self.request.user
        (view,) = transcode_views([transcode], now=now)
        job = _job_of(transcode)
        is_done = transcode.outcome == Outcome.DONE
        return super().get_context_data(
            transcode=transcode, told=view, plan=plan_view(transcode.plan),
            view=job_views([job], now=now)[0] if job else None,
            proof=transcode.proof, proven=_proven(transcode.proof), facts=_facts(transcode),
            attempts=transcode.attempts,
            in_trash=is_done and transcode.trash is not None,
            may_restore=user.has_perm("transcodes.restore_transcode"),
            may_control=user.has_perm("jobs.control_job"),
            **kwargs,
        )  # fmt: skip


def _job_of(transcode: Transcode) -> Job | None:
    """What works on it now: its own job, what was handed over, or what brings the source back; of
    one that failed its own, which can be run again."""
    newest = Job.objects.filter(
        target_type="transcodes.transcode", target_id=transcode.pk, state__in=ACTIVE
    )
    own: Job | None = transcode.job
    if own is not None and own.state in ACTIVE:
        return own
    ended = (Outcome.DONE, Outcome.RESTORED, Outcome.SKIPPED)
    return newest.order_by("-pk").first() or (None if transcode.outcome in ended else own)


def _facts(transcode: Transcode) -> list[tuple[str, Any]]:
    """Whatever is known besides; what isn't isn't said."""
    profile = transcode.profile
    told = [
        ("Profile", f"{profile.values['name']}, version {profile.number}"),
        ("Rule", transcode.rule),
        ("Asked for by", transcode.requested_by or ("" if transcode.rule else "the system")),
        ("Where to", transcode.get_place_display()),
        ("Encoded by", transcode.encoder or (transcode.target_bytes and "copying")),
        ("Card", transcode.card),
        ("Took", say_seconds(transcode.took_s) if transcode.took_s else ""),
        ("New file", _path(transcode.target) if transcode.target else ""),
    ]
    return [(label, value) for label, value in told if value]


def _proven(proof: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not proof:
        return []
    facts = proof.get("facts") or {}
    size = f"{facts['width']}x{facts['height']}" if facts.get("width") else ""
    lengths = [say_timecode(proof[name]) for name in ("duration_ms", "end_ms", "source_end_ms")
               if proof.get(name) is not None]  # fmt: skip
    told = [
        ("Frames decoded", f"{proof.get('frames') or 0:,}"),
        ("Length", f"{lengths[0]}" if lengths else ""),
        ("Its last packet", lengths[1] if len(lengths) > 1 else ""),
        ("The source's last packet", lengths[2] if len(lengths) > 2 else ""),
        ("Picture", f"{codec_name(facts['video_codec'])} {size}" if size else ""),
        ("Bit rate", say_bitrate(facts.get("bitrate"))),
        ("Criteria that hold", f"all {len(proof['criteria'])}" if proof.get("criteria") else ""),
        ("Likeness", _likeness(proof.get("quality"))),
    ]
    return [(label, value) for label, value in told if value]


def _likeness(quality: Any) -> str:
    if not isinstance(quality, dict):
        return str(quality or "")
    return ", ".join(
        f"{name.upper()} {value:.4g}" for name, value in quality.items()
        if isinstance(value, int | float)
    )  # fmt: skip


def _path(path: "bytes | memoryview[int]") -> str:
    return bytes(path).decode("utf-8", "backslashreplace")
