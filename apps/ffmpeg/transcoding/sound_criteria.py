"""What a spec asks of sound, subtitles and the file around them, against what was found."""

from collections.abc import Iterator

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding import holds, tracks
from apps.ffmpeg.transcoding.measured import Measured
from apps.ffmpeg.transcoding.picture_criteria import UNKNOWN
from apps.ffmpeg.transcoding.plans import Criterion
from apps.ffmpeg.transcoding.spec import (
    AudioCodec,
    Container,
    ImageSubtitles,
    Spec,
    TextSubtitles,
    Tracks,
)

_MUCH_MORE = 2.1  # times the bit rate asked for: below that, encoding anew loses more than it saves
_NEVER_MUCH = 192_000
_TECHNICAL = frozenset({
    "major_brand", "minor_version", "compatible_brands", "encoder", "creation_time", "duration",
})  # fmt: skip


def track_criteria(track: tracks.Stream, spec: Spec) -> Iterator[Criterion]:
    """What only encoding this track mends."""
    at, codec = track.get("index"), track.get("codec", "")
    yield _codec(at, codec, spec)
    if spec.audio_codec is AudioCodec.COPY:
        return
    for name, most, found in (
        ("max_channels", spec.max_channels, track.get("channels")),
        ("max_sample_rate", spec.max_sample_rate, track.get("sample_rate")),
    ):
        if most is not None:
            said = UNKNOWN if found is None else str(found)
            yield Criterion(name, f"at most {most}", said, found is None or found <= most, at)
    if codec == spec.audio_codec and codec not in holds.LOSSLESS:
        yield _bitrate(track, spec)


def _bitrate(track: tracks.Stream, spec: Spec) -> Criterion:
    """Of the codec that would be made; others that may stay do so at any rate."""
    rate, channels = track.get("bitrate"), track.get("channels") or 2
    wanted = holds.sound_bitrate(spec.audio_codec, stereo=spec.audio_bitrate, channels=channels)
    ok = rate is None or rate <= max(wanted * _MUCH_MORE, _NEVER_MUCH)
    said = UNKNOWN if rate is None else f"{rate / 1000:.0f} kbit/s"
    about = f"about {wanted / 1000:.0f} kbit/s"
    return Criterion("audio_bitrate", about, said, ok, track.get("index"))


def _codec(at: int | None, codec: str, spec: Spec) -> Criterion:
    if spec.audio_codec is AudioCodec.COPY:
        wanted = f"a codec that {holds.TITLE[spec.container]} holds"
        ok = holds.holds_audio(spec.container, codec)
    else:
        allowed = list(dict.fromkeys((str(spec.audio_codec), *spec.copy_audio)))
        wanted = " or ".join(allowed)
        ok = codec in allowed and holds.holds_audio(spec.container, codec)
    return Criterion("audio_codec", wanted, codec or UNKNOWN, ok, at)


def file_criteria(facts: MediaFacts, spec: Spec, *, measured: Measured) -> Iterator[Criterion]:
    """What writing the streams anew mends."""
    title = holds.TITLE[spec.container]
    ok = facts.container in holds.SEEN_AS[spec.container]
    yield Criterion("container", title, facts.container or UNKNOWN, ok)
    if spec.fast_start and spec.container in (Container.MP4, Container.M4A):
        first = measured.fast_start
        found = UNKNOWN if first is None else "at the front" if first else "at the end"
        yield Criterion("fast_start", "index at the front", found, first is not False)
    yield from _tracks(facts, spec)
    yield from _texts(facts, spec)
    yield from _images(facts, spec)
    yield from _extras(facts, spec)


def _tracks(facts: MediaFacts, spec: Spec) -> Iterator[Criterion]:
    there, kept = tracks.audio_of(facts), tracks.kept_audio(facts, spec)
    if spec.audio_codec is AudioCodec.NONE:
        yield Criterion("audio_codec", "no sound", f"{len(there)} tracks", not there)
        return
    wanted = {
        Tracks.FIRST: "one",
        Tracks.LANGUAGES: f"those in {', '.join(spec.audio_languages)}",
        Tracks.ALL: "all",
    }
    found = f"{len(kept)} of {len(there)} wanted"
    yield Criterion("audio_tracks", wanted[spec.audio_tracks], found, len(kept) == len(there))


def _texts(facts: MediaFacts, spec: Spec) -> Iterator[Criterion]:
    there = [one for one in tracks.subtitles_of(facts) if not _is_image(one)]
    if spec.text_subtitles is not TextSubtitles.KEEP:
        wanted = "none" if spec.text_subtitles is TextSubtitles.DROP else "files beside"
        yield Criterion("text_subtitles", wanted, f"{len(there)} tracks", not there)
        return
    kept = [one.get("index") for one in tracks.kept_text(facts, spec)]
    for one in there:
        at, codec = one.get("index"), one.get("codec", "")
        if at not in kept:
            name = "subtitle_languages" if spec.subtitle_languages else "text_subtitles"
            yield Criterion(name, "left out", codec or UNKNOWN, ok=False, stream=at)
        else:
            ok = holds.holds_text(spec.container, codec)
            wanted = f"text that {holds.TITLE[spec.container]} holds"
            yield Criterion("text_subtitles", wanted, codec, ok, at)


def _images(facts: MediaFacts, spec: Spec) -> Iterator[Criterion]:
    there = [one for one in tracks.subtitles_of(facts) if _is_image(one)]
    kept = tracks.kept_images(facts, spec)
    wanted = {ImageSubtitles.BURN: "drawn", ImageSubtitles.KEEP: "those that can be kept"}
    said = wanted.get(spec.image_subtitles, "none")
    found = f"{len(kept)} of {len(there)} to be kept"
    yield Criterion("image_subtitles", said, found, len(kept) == len(there))


def _extras(facts: MediaFacts, spec: Spec) -> Iterator[Criterion]:
    if not spec.chapters:
        found = f"{len(facts.chapters)} chapters"
        yield Criterion("chapters", "none", found, not facts.chapters)
    if not spec.metadata:
        told = sorted(name for name in facts.tags if name.lower() not in _TECHNICAL)
        yield Criterion("metadata", "none", ", ".join(told)[:200] or "none", not told)
    if not spec.attachments:
        there = [one for one in facts.streams if one.get("type") == "attachment"]
        yield Criterion("attachments", "none", f"{len(there)} attachments", not there)


def _is_image(track: tracks.Stream) -> bool:
    return track.get("codec") in holds.IMAGE_CODECS
