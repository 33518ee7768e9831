"""Codecs whose pictures may stay, beside the one that a spec makes: what a device plays as well."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from apps.ffmpeg.transcoding import levels, profiles
from apps.ffmpeg.transcoding.spec import Spec, VideoCodec

_MADE = frozenset({VideoCodec.H264, VideoCodec.HEVC, VideoCodec.AV1, VideoCodec.VP9})


@dataclass(frozen=True, slots=True)
class Stays:
    """One of ``Spec.other_codecs``, such as ``h264/high/4.2``; without a profile or level: any."""

    codec: str
    profile: str = ""
    level: str = ""

    @classmethod
    def read(cls, said: str) -> Self:
        return cls(*said.split("/")[:3])

    @property
    def is_known(self) -> bool:
        return (
            self.codec in _MADE
            and (not self.profile or profiles.plain(self.profile) in profiles.RANKS[self.codec])
            and (not self.level or bool(levels.written(self.codec, self.level)))
        )


def others(spec: Spec) -> Iterator[Stays]:
    return map(Stays.read, spec.other_codecs)


def asked_of(codec: str, spec: Spec) -> Spec:
    """The spec as it is asked of a picture of a codec: of one that may stay by its own limits."""
    if codec == spec.video_codec or spec.video_codec not in _MADE:
        return spec
    for one in others(spec):
        if one.codec == codec and one.is_known:
            return replace(
                spec, video_codec=VideoCodec(codec), video_profile=one.profile, level=one.level
            )
    return spec
