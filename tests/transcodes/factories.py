"""Rows of transcodes without files."""

from typing import Any

from apps.transcodes.choices import Place
from apps.transcodes.models import EncodingProfile, Transcode, TranscodeRule
from apps.transcodes.services.profiles import create_profile, version_of
from tests.factories import make_video


def make_profile(**values: Any) -> EncodingProfile:
    usual = {"name": f"Profile {EncodingProfile.objects.count()}", "suffix": " (cast)"}
    return create_profile(EncodingProfile(**usual | values))


def make_rule(**values: Any) -> TranscodeRule:
    usual: dict[str, Any] = {"name": f"Rule {TranscodeRule.objects.count()}"}
    usual |= {} if "profile" in values else {"profile": make_profile()}
    return TranscodeRule.objects.create(**usual | values)


def make_transcode(**values: Any) -> Transcode:
    video = values.pop("video", None) or make_video()
    file = video.primary_file
    usual: dict[str, Any] = {
        "video": video, "library": video.library, "file": file, "place": Place.REPLACE,
        "source": b"film.mkv", "source_bytes": 1_000_000, "foreseen_bytes": 400_000,
        "reason": "The picture is HEVC.",
    }  # fmt: skip
    usual |= {} if "profile" in values else {"profile": version_of(make_profile())}
    return Transcode.objects.create(**usual | values)
