"""What people type about profiles and rules."""

from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.core.errors import MediaHubError
from apps.core.forms import AuditedForm, WordsField
from apps.transcodes.choices import Place
from apps.transcodes.fields import RateField
from apps.transcodes.models import EncodingProfile, TranscodeRule
from apps.transcodes.services.profiles import PLACING, SPEC_FIELDS, ProfileRefused, check_profile
from apps.transcodes.services.rules import check_rule
from apps.transcodes.words import CHOICES, say_field

# Fields whose choices have words of their own in forms.
_WORDED = (
    "container", "video_codec", "hdr", "rate_control", "audio_codec", "audio_tracks", "downmix",
    "text_subtitles", "image_subtitles", "cpu_fallback",
)  # fmt: skip
_DAYS = [(0, "Mon"), (1, "Tue"), (2, "Wed"), (3, "Thu"), (4, "Fri"), (5, "Sat"), (6, "Sun")]


class ProfileForm(AuditedForm):
    """A profile that can't work is refused here, field by field."""

    other_codecs = WordsField(
        rows=1, help_text="such as h264/high/4.2: pictures that may stay, to a profile and level"
    )
    copy_audio = WordsField(rows=1, help_text="such as aac ac3: sound that may stay as it is")
    audio_languages = WordsField(rows=1, help_text="such as eng deu, the preferred first")
    subtitle_languages = WordsField(rows=1, help_text="such as eng deu; empty: all")
    video_bitrate = RateField(required=False, help_text="such as 5 Mbit/s, where the rate is set")
    max_bitrate = RateField(required=False, help_text="empty: what the level allows")
    buffer_bits = RateField(
        required=False, help_text="over which the peak is counted; empty: two seconds of it"
    )
    audio_bitrate = RateField(help_text="of two channels, such as 160 kbit/s")

    class Meta:
        model = EncodingProfile
        fields = ("name", "description", "enabled", *SPEC_FIELDS, *PLACING)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name != "version":
                field.label = say_field(name)
            if name in _WORDED and isinstance(field, forms.ChoiceField):
                known: Any = field.choices
                field.choices = [(one, CHOICES.get(one, said)) for one, said in known]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        profile = EncodingProfile(
            **{name: cleaned[name] for name in self.Meta.fields if name in cleaned}
        )
        try:
            check_profile(profile)
        except ProfileRefused as refused:
            for name, messages in refused.errors.items():
                for message in messages:
                    self.add_error(name if name in self.fields else None, message)
        return cleaned


class RuleForm(AuditedForm):
    weekdays = forms.TypedMultipleChoiceField(
        choices=_DAYS, coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="on which work may begin; none chosen: on all",
    )  # fmt: skip

    class Meta:
        model = TranscodeRule
        fields = (
            "name", "query", "profile", "enabled", "on_import", "nightly", "starts_at", "ends_at",
            "weekdays", "position",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "query" in self.fields:  # not for those who may only look
            self.fields["query"].widget = UnfoldAdminTextareaWidget(attrs={"rows": 2})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        rule = TranscodeRule(
            **{name: cleaned[name] for name in self.Meta.fields if name in cleaned}
        )
        try:
            cleaned["query"] = check_rule(rule, now=timezone.localtime())
        except MediaHubError as error:
            field = getattr(error, "field", "query")
            self.add_error("query" if field == "q" else field, str(error))
        return cleaned


class AskForm(forms.Form):
    """Which profile, and where the new files go."""

    profile = forms.ModelChoiceField(
        EncodingProfile.objects.filter(enabled=True), empty_label="Choose one…"
    )
    place = forms.ChoiceField(
        choices=[("", "As the profile says"), *Place.choices], required=False, label="Where to"
    )
    again = forms.BooleanField(
        required=False, label="Also what was tried with this profile before, and is the same still"
    )
