"""Profiles, rules and transcodes, as lists and one by one."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from apps.core.admin import AuditedAdmin, ReadOnlyAdmin
from apps.core.admin.base import column, list_url
from apps.core.admin.lists import StableChangeList
from apps.core.forms import changed_values
from apps.core.units import say_ago
from apps.transcodes.choices import Outcome, Place
from apps.transcodes.forms import ProfileForm, RuleForm
from apps.transcodes.models import EncodingProfile, Transcode, TranscodeRule
from apps.transcodes.pages import (
    AskPage,
    TranscodePage,
    TranscodesLive,
    TryProfilePage,
    TryRulePage,
    VersionsPage,
    doors,
)
from apps.transcodes.pages.views import transcode_views
from apps.transcodes.services.profiles import (
    create_profile,
    delete_profile,
    edit_profile,
)
from apps.transcodes.services.rules import create_rule, edit_rule
from apps.transcodes.tasks.asking import request_rules
from apps.transcodes.tasks.trash import request_empty_trash
from apps.transcodes.words import say_codecs

_TABS = "admin/transcodes/_tabs.html"
_WHERE = {
    Place.REPLACE: "replaces the source", Place.ADD: "beside it, same video",
    Place.BESIDE: "beside it, a video of its own", Place.TREE: "another folder",
}  # fmt: skip
_PICTURE = "!['copy', 'none'].includes(video_codec)"
_SOUND = "audio_codec !== 'none'"
_NEW_SOUND = "!['copy', 'none'].includes(audio_codec)"


@admin.register(EncodingProfile)
class ProfileAdmin(AuditedAdmin):
    form = ProfileForm
    pages = (TryProfilePage, VersionsPage)
    list_display = ["name", "makes", "limits", "where", "enabled", "used", "more"]
    list_before_template = _TABS
    change_form_outer_before_template = "admin/transcodes/_profile_links.html"
    search_fields = ["name", "description"]
    ordering = ["name"]
    empty_title = "No profiles"
    empty_text = "A profile says what files are to become, such as something a Chromecast plays."
    fieldsets = [
        (None, {"fields": ["name", "description", "enabled"]}),
        ("File", {"fields": [
            ("container", "fast_start"), ("chapters", "metadata"), "attachments",
        ]}),
        ("Picture", {"fields": [
            ("video_codec", "copy_video"), "other_codecs",
            ("video_profile", "pixel_format"), ("level", "tier"),
            ("max_width", "max_height"), ("max_frame_rate", "constant_frame_rate"),
            ("hdr", "scaler"), ("deinterlace", "square_pixels"),
        ]}),
        ("Quality and rate", {"fields": [
            ("rate_control", "quality"), ("video_bitrate", "speed"), ("max_bitrate", "buffer_bits"),
            ("gop_seconds", "max_reference_frames"), "max_b_frames",
        ]}),
        ("Sound", {"fields": [
            ("audio_codec", "copy_audio"), ("audio_bitrate", "max_sample_rate"),
            ("max_channels", "downmix"), ("audio_tracks", "audio_languages"),
        ]}),
        ("Subtitles", {"fields": [("text_subtitles", "image_subtitles"), "subtitle_languages"]}),
        ("Where the new file goes", {"fields": [
            "place", "suffix", "tree", "hard_links", "tell_servers",
        ]}),
        ("What must be proven", {"fields": [("ssim_floor", "vmaf_floor"), "max_size_percent"]}),
        ("Machines", {"fields": ["use_gpu", ("cpu_fallback", "short_seconds")]}),
    ]  # fmt: skip
    # What doesn't apply isn't shown; see ``ffmpeg.transcoding.faults`` for what doesn't.
    conditional_fields: ClassVar[dict[str, str]] = {
        "fast_start": "['mp4', 'm4a'].includes(container)",
        "copy_video": _PICTURE, "other_codecs": f"{_PICTURE} && copy_video",
        "video_profile": _PICTURE, "pixel_format": _PICTURE,
        "level": _PICTURE, "tier": "['hevc', 'av1'].includes(video_codec)",
        "max_width": _PICTURE, "max_height": _PICTURE, "max_frame_rate": _PICTURE,
        "constant_frame_rate": _PICTURE, "hdr": _PICTURE, "scaler": _PICTURE,
        "deinterlace": _PICTURE, "square_pixels": _PICTURE, "rate_control": _PICTURE,
        "quality": f"{_PICTURE} && rate_control === 'quality'",
        "video_bitrate": f"{_PICTURE} && rate_control === 'bitrate'",
        "speed": _PICTURE, "max_bitrate": _PICTURE, "buffer_bits": _PICTURE,
        "gop_seconds": _PICTURE, "max_reference_frames": _PICTURE, "max_b_frames": _PICTURE,
        "copy_audio": _NEW_SOUND, "audio_bitrate": _NEW_SOUND, "max_sample_rate": _NEW_SOUND,
        "max_channels": _NEW_SOUND, "downmix": _NEW_SOUND, "audio_tracks": _SOUND,
        "audio_languages": _SOUND,
        "suffix": "['add', 'beside'].includes(place)", "tree": "place === 'tree'",
        "hard_links": "place === 'replace'",
        "ssim_floor": _PICTURE, "vmaf_floor": _PICTURE, "use_gpu": _PICTURE,
        "cpu_fallback": f"{_PICTURE} && use_gpu",
        "short_seconds": f"{_PICTURE} && use_gpu && cpu_fallback === 'short'",
    }  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[EncodingProfile]:
        rows: QuerySet[EncodingProfile] = super().get_queryset(request)
        return rows.annotate(uses=Count("versions__transcodes"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            create_profile(obj)
            return
        version = form.cleaned_data.get("version")
        obj.version = edit_profile(obj, changed_values(form), expected_version=version).version

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_profile(obj)

    @column("makes")
    def makes(self, profile: EncodingProfile) -> str:
        return say_codecs(profile.video_codec, profile.audio_codec, profile.container)

    @column("at most")
    def limits(self, profile: EncodingProfile) -> str:
        size = f"{profile.max_width}x{profile.max_height}" if profile.max_height else "any size"
        rate = f" at {profile.max_frame_rate:g}" if profile.max_frame_rate else ""
        return f"{size}{rate}"

    @column("where to", ordering="place")
    def where(self, profile: EncodingProfile) -> str:
        return _WHERE[Place(profile.place)]

    @column("used", ordering="uses")
    def used(self, profile: Any) -> SafeString | str:
        if not profile.uses:
            return "-"
        url = list_url(Transcode, profile__profile__id__exact=profile.pk)
        return format_html('<a class="mh-link" href="{}">{}</a>', url, f"{profile.uses:,}")

    @column("beforehand")
    def more(self, profile: EncodingProfile) -> SafeString:
        return format_html(
            '<a class="mh-link" href="{}">Try</a> · <a class="mh-link" href="{}">Versions</a>',
            reverse("admin:transcodes_encodingprofile_try", args=[profile.pk]),
            reverse("admin:transcodes_encodingprofile_versions", args=[profile.pk]),
        )


@admin.register(TranscodeRule)
class RuleAdmin(AuditedAdmin):
    form = RuleForm
    pages = (TryRulePage,)
    list_display = ["name", "finds", "gives", "when", "enabled", "ran", "tried"]
    list_before_template = _TABS
    list_select_related = ["profile"]
    change_form_outer_before_template = "admin/transcodes/_rule_links.html"
    ordering = ["position", "pk"]
    actions: list[Any] = ["run_now"]
    fields = [
        "name", "query", "profile", "enabled", ("on_import", "nightly"), ("starts_at", "ends_at"),
        "weekdays", "position",
    ]  # fmt: skip
    empty_title = "No rules yet"
    empty_text = "A rule transcodes the videos that a query finds, as they come or each night."

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        now = timezone.localtime()
        if not change:
            create_rule(obj, now=now)
            return
        version = form.cleaned_data.get("version")
        values = changed_values(form)
        obj.version = edit_rule(obj, values, now=now, expected_version=version).version

    @column("finds")
    def finds(self, rule: TranscodeRule) -> SafeString:
        return format_html('<span class="mh-mono tc-profile">{}</span>', rule.query or "all videos")

    @column("profile")
    def gives(self, rule: TranscodeRule) -> SafeString:
        return _narrow(rule.profile)

    @column("when")
    def when(self, rule: TranscodeRule) -> SafeString:
        said = [word for word, on in (("as they come", rule.on_import), ("nightly", rule.nightly))
                if on]  # fmt: skip
        if rule.starts_at and rule.ends_at:
            said.append(f"{rule.starts_at:%H:%M} to {rule.ends_at:%H:%M}")
        return _narrow(", ".join(said) or "by hand")

    @column("last run", ordering="ran_at")
    def ran(self, rule: TranscodeRule) -> str:
        return say_ago(rule.ran_at, now=timezone.now()) if rule.ran_at else "-"

    @column("beforehand")
    def tried(self, rule: TranscodeRule) -> SafeString:
        url = reverse("admin:transcodes_transcoderule_try", args=[rule.pk])
        return format_html('<a class="mh-link" href="{}">Try</a>', url)

    @admin.action(description="Run now", permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[TranscodeRule]) -> None:
        job = request_rules(list(queryset.values_list("pk", flat=True)))
        messages.success(request, f"The rules are being run in their order (job {job.pk}).")

    def consequence(self, _rule: Any) -> str:
        return "what it has transcoded stays"


class TranscodeChangeList(StableChangeList):
    """Reads what the jobs of a whole page say at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        views = transcode_views(self.result_list, now=timezone.now())
        for transcode, view in zip(self.result_list, views, strict=True):
            transcode.told = view


@admin.register(Transcode)
class TranscodeAdmin(ReadOnlyAdmin):
    """Only ``services`` write transcodes."""

    pages = (AskPage, TranscodesLive, TranscodePage)
    list_display = ["film", "profile_name", "state_now", "size", "when"]
    list_display_links = None
    list_before_template = "admin/transcodes/_list_live.html"
    list_filter = [
        ("outcome", ChoicesDropdownFilter), ("profile__profile", RelatedDropdownFilter),
        ("library", RelatedDropdownFilter), ("rule", RelatedDropdownFilter),
    ]  # fmt: skip
    ordering = ["-pk"]
    sortable_by = ()
    actions: list[Any] = ["empty_trash"]
    empty_title = "Nothing was transcoded yet"
    empty_text = "Choose videos and transcode them, or write a rule that does so by itself."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transcode]:
        rows: Any = super().get_queryset(request)
        return rows.for_lists()  # type: ignore[no-any-return]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TranscodeChangeList]:
        return TranscodeChangeList

    def has_restore_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("transcodes.restore_transcode")

    @column("film")
    def film(self, transcode: Any) -> str:
        return _cell("film", transcode)

    @column("profile")
    def profile_name(self, transcode: Any) -> SafeString:
        return _narrow(transcode.told.profile)

    @column("state")
    def state_now(self, transcode: Any) -> str:
        return _cell("state", transcode)

    @column("size")
    def size(self, transcode: Any) -> str:
        return _cell("size", transcode)

    @column("when")
    def when(self, transcode: Any) -> str:
        return _cell("when", transcode)

    @admin.action(description="Delete replaced sources for good", permissions=["restore"])
    def empty_trash(self, request: HttpRequest, queryset: QuerySet[Transcode]) -> None:
        chosen = queryset.filter(outcome=Outcome.DONE, trash__isnull=False)
        ids = list(chosen.values_list("pk", flat=True)[:10_000])
        job = request_empty_trash(ids)
        messages.success(request, f"{len(ids)} sources are being deleted (job {job.pk}).")


def _narrow(text: object) -> SafeString:
    return format_html('<span class="tc-profile">{}</span>', text)


def _cell(name: str, transcode: Any) -> str:
    return render_to_string(f"admin/transcodes/_cell_{name}.html", {"told": transcode.told})


doors.open_doors()
