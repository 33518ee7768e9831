from apps.transcodes.models.profile import EncodingProfile, ProfileVersion
from apps.transcodes.models.rule import TranscodeRule
from apps.transcodes.models.transcode import Transcode

__all__ = ["EncodingProfile", "ProfileVersion", "Transcode", "TranscodeRule"]
