"""What a plan says to people."""

from collections.abc import Iterator, Sequence

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding import holds, tracks
from apps.ffmpeg.transcoding.picture import Picture, pictures_of
from apps.ffmpeg.transcoding.plans import Criterion, Deed, VideoPlan
from apps.ffmpeg.transcoding.spec import Hdr, ImageSubtitles, Spec, TextSubtitles

_MOST_CAUSES = 3
_WORDS = {
    "container": "the container", "fast_start": "the index", "video_codec": "the picture",
    "video_profile": "the codec's profile", "level": "the level", "pixel_format": "the pixels",
    "max_width": "the size", "max_height": "the size", "max_frame_rate": "the frame rate",
    "max_reference_frames": "reference frames", "max_b_frames": "B-frames",
    "gop_seconds": "the distance of key frames", "max_bitrate": "the bit rate of the picture",
    "video_bitrate": "the bit rate of the picture", "square_pixels": "the shape of pixels",
    "deinterlace": "the picture", "constant_frame_rate": "the frame rate", "hdr": "the picture",
    "audio_codec": "the sound", "audio_tracks": "the tracks of sound",
    "max_channels": "the channels", "audio_bitrate": "the bit rate of the sound",
    "max_sample_rate": "the sample rate", "text_subtitles": "text subtitles",
    "image_subtitles": "image subtitles", "subtitle_languages": "subtitles",
    "chapters": "chapters", "metadata": "tags", "attachments": "attachments",
}  # fmt: skip
_DEEDS = {
    Deed.REMUX: "All that is kept is copied into a new file",
    Deed.AUDIO: "Only the sound is encoded anew",
    Deed.VIDEO: "Only the picture is encoded anew",
    Deed.BOTH: "Picture and sound are encoded anew",
}


def complies(criteria: Sequence[Criterion]) -> str:
    return f"It complies already: all {len(criteria)} criteria are met."


def work(deed: Deed, criteria: Sequence[Criterion]) -> str:
    """One sentence: what is done, and the causes that weigh most."""
    causes = [_cause(one) for one in criteria if not one.ok]
    shown = causes[:_MOST_CAUSES]
    if more := len(causes) - len(shown):
        shown.append(f"and {more} more")
    return f"{_DEEDS[deed]}: {'; '.join(shown)}."


def _cause(criterion: Criterion) -> str:
    found = criterion.found.rstrip(".")
    subject = _WORDS.get(criterion.name, criterion.name)
    return f"{subject}: {found}, wanted {criterion.wanted}"


def notes(
    facts: MediaFacts, picture: Picture | None, spec: Spec, video: VideoPlan | None
) -> Iterator[str]:
    """What is worth knowing of the outcome."""
    if not facts.duration_ms:
        yield "How long it lasts isn't known: size and time can't be foreseen."
    if picture is not None and video is not None:
        yield from _picture_notes(facts, picture, spec, video)
    if facts.audio_tracks > len(tracks.audio_of(facts)):
        yield "It has more streams than MediaHub keeps account of: the last are left out."
    yield from _subtitle_notes(facts, spec)


def _picture_notes(
    facts: MediaFacts, picture: Picture, spec: Spec, video: VideoPlan
) -> Iterator[str]:
    if len(pictures_of(facts)) > 1:
        yield "It has several pictures: the first is kept."
    if video.copy and picture.rotation:
        kept = holds.holds_turning(spec.container)
        yield (
            f"Players have to turn it by {picture.rotation} degrees, as before."
            if kept
            else (f"It has to be turned by {picture.rotation} degrees, and no longer says so.")
        )
    if not video.copy:
        yield from _encoding_notes(picture, spec, video)


def _encoding_notes(picture: Picture, spec: Spec, video: VideoPlan) -> Iterator[str]:
    if picture.dolby:
        yield "What makes it Dolby Vision is lost; the layer below stays."
    elif picture.hdr_transfer and spec.hdr is Hdr.KEEP:
        yield "It stays HDR; what scenes add for single displays may be lost."
    if picture.interlaced and not video.deinterlace:
        yield "It is interlaced, and stays so."
    if spec.square_pixels and picture.is_odd:
        yield "What it says of the shape of its pixels can't be true, and is passed over."


def _subtitle_notes(facts: MediaFacts, spec: Spec) -> Iterator[str]:
    there = tracks.subtitles_of(facts)
    styled = any(one.get("codec") in ("ass", "ssa") for one in tracks.kept_text(facts, spec))
    plain = spec.text_subtitles is TextSubtitles.SIDECAR
    if styled and (plain or not holds.holds_text(spec.container, "ass")):
        yield "Styles of subtitles are lost: their text stays."
    images = [one for one in there if one.get("codec") in holds.IMAGE_CODECS]
    kept = tracks.kept_images(facts, spec)
    if len(images) > len(kept) and spec.image_subtitles is ImageSubtitles.KEEP:
        title = holds.TITLE[spec.container]
        yield f"{title} doesn't hold subtitles that are pictures, or their language isn't wanted."
