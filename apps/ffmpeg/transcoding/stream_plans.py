"""What becomes of each stream, once it is known that something has to be done."""

from collections.abc import Iterator

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding import holds, languages, levels, profiles, sizes, tracks
from apps.ffmpeg.transcoding.picture import Picture
from apps.ffmpeg.transcoding.plans import AudioPlan, SubtitleDeed, SubtitlePlan, VideoPlan
from apps.ffmpeg.transcoding.sound_criteria import track_criteria
from apps.ffmpeg.transcoding.spec import (
    AudioCodec,
    Container,
    Hdr,
    Spec,
    TextSubtitles,
    VideoCodec,
)

_BT709 = ("bt709", "bt709", "bt709")


def copied_video(picture: Picture, spec: Spec) -> VideoPlan:
    retag = picture.codec == "hevc" and spec.container is Container.MP4
    return VideoPlan(
        index=picture.index,
        copy=True,
        codec=picture.codec,
        width=picture.width,
        height=picture.height,
        source_rate=picture.frame_rate,
        pixel_format=picture.pixel_format,
        source_codec=picture.codec,
        source_pixel_format=picture.pixel_format,
        dispose=("hvc1",) if retag and picture.tag != "dvh1" else (),
    )


def encoded_video(
    picture: Picture, spec: Spec, fitted: sizes.Fitted, *, burn: int | None
) -> VideoPlan:
    tone_map = picture.hdr_transfer if spec.hdr is Hdr.TONE_MAP else ""
    kept = (picture.primaries, picture.transfer, picture.space)
    shown = picture.shown if spec.square_pixels else (picture.width, picture.height)
    stretched = shown != (picture.width, picture.height)
    return VideoPlan(
        index=picture.index,
        copy=False,
        codec=str(spec.video_codec),
        width=fitted.width,
        height=fitted.height,
        scales=stretched or (fitted.width, fitted.height) != shown,
        frame_rate=fitted.frame_rate,
        source_rate=picture.frame_rate,
        deinterlace=spec.deinterlace and picture.interlaced,
        rotation=picture.rotation,
        tone_map=tone_map,
        pixel_format=spec.pixel_format or _pixel_format(picture, spec),
        source_codec=picture.codec,
        source_pixel_format=picture.pixel_format,
        profile=profiles.plain(spec.video_profile),
        level=levels.written(str(spec.video_codec), spec.level),
        color=_BT709 if tone_map else kept,
        dispose=("hvc1",)
        if spec.video_codec is VideoCodec.HEVC and spec.container is Container.MP4
        else (),
        burn=burn,
    )


def _pixel_format(picture: Picture, spec: Spec) -> str:
    """Ten bits stay ten where nothing speaks against it."""
    deep = picture.depth > 8 and spec.video_codec is not VideoCodec.H264
    profile = spec.video_profile
    holds_ten = not profile or profiles.most_depth(str(spec.video_codec), profile) >= 10
    becomes_sdr = spec.hdr is Hdr.TONE_MAP and bool(picture.hdr_transfer)
    stays = deep and holds_ten and not becomes_sdr
    return "yuv420p10le" if stays else "yuv420p"


def audio_plans(facts: MediaFacts, spec: Spec) -> tuple[AudioPlan, ...]:
    """The tracks that are kept; those whose codec isn't known can't be."""
    kept = [one for one in tracks.kept_audio(facts, spec) if one.get("codec")]
    return tuple(_audio(one, spec, default=at == 0) for at, one in enumerate(kept))


def _audio(track: tracks.Stream, spec: Spec, *, default: bool) -> AudioPlan:
    codec, channels = track.get("codec", ""), track.get("channels")
    may = spec.audio_codec is AudioCodec.COPY or codec in spec.copy_audio
    copies = may and all(one.ok for one in track_criteria(track, spec))
    told = {
        "index": track.get("index", 0),
        "language": languages.code(track.get("language")),
        "title": tracks.title_of(track),
        "default": default,
    }
    if copies:
        return AudioPlan(
            copy=True,
            codec=codec,
            channels=channels or 2,
            sample_rate=track.get("sample_rate") or 0,
            bitrate=track.get("bitrate") or 0,
            **told,
        )
    made = spec.audio_codec
    out = holds.channels_made(made, channels, spec.max_channels)
    return AudioPlan(
        copy=False,
        codec=str(made),
        channels=out,
        sample_rate=holds.sample_rate_made(made, track.get("sample_rate"), spec.max_sample_rate),
        bitrate=holds.sound_bitrate(made, stereo=spec.audio_bitrate, channels=out),
        downmix=str(spec.downmix) if channels and out < channels else "",
        **told,
    )


def subtitle_plans(facts: MediaFacts, spec: Spec) -> Iterator[SubtitlePlan]:
    taken: set[str] = set()
    for track in tracks.kept_text(facts, spec):
        language, forced = languages.code(track.get("language")), bool(track.get("forced"))
        codec = track.get("codec", "")
        deed, made, suffix = SubtitleDeed.COPY, codec, ""
        if spec.text_subtitles is TextSubtitles.SIDECAR:
            deed, made = SubtitleDeed.SIDECAR, "webvtt"
            suffix = _suffix(language, forced=forced, taken=taken)
        elif not holds.holds_text(spec.container, codec):
            deed, made = SubtitleDeed.CONVERT, holds.text_made(spec.container)
        yield _subtitle(track, deed, made, suffix)
    for track in tracks.kept_images(facts, spec):
        yield _subtitle(track, SubtitleDeed.COPY, track.get("codec", ""))
    if drawn := tracks.burnt(facts, spec):
        yield _subtitle(drawn, SubtitleDeed.BURN)


def _subtitle(
    track: tracks.Stream, deed: SubtitleDeed, codec: str = "", suffix: str = ""
) -> SubtitlePlan:
    return SubtitlePlan(
        index=track.get("index", 0),
        deed=deed,
        codec=codec,
        language=languages.code(track.get("language")),
        title=tracks.title_of(track),
        forced=bool(track.get("forced")),
        suffix=suffix,
    )


def _suffix(language: str, *, forced: bool, taken: set[str]) -> str:
    """``.eng.forced.vtt``, counted where several are alike."""
    stem = "".join(f".{word}" for word in (language, "forced" if forced else "") if word)
    found, count = f"{stem}.vtt", 1
    while found in taken:
        count += 1
        found = f"{stem}.{count}.vtt"
    taken.add(found)
    return found


def attachments(facts: MediaFacts, spec: Spec) -> tuple[int, ...]:
    """Fonts and the like, where the container takes them."""
    if not spec.attachments or not holds.holds_attachments(spec.container):
        return ()
    return tuple(one.get("index", 0) for one in facts.streams if one.get("type") == "attachment")


def covers(facts: MediaFacts, spec: Spec) -> tuple[int, ...]:
    """The first still picture that the container takes, with the other tags."""
    if not spec.metadata:
        return ()
    found = [
        one.get("index", 0)
        for one in facts.streams
        if one.get("attached_pic") and holds.holds_cover(spec.container, one.get("codec", ""))
    ]
    return tuple(found[:1])


def dropped(facts: MediaFacts, kept: set[int]) -> Iterator[str]:
    """In words, what of the file isn't in the outcome."""
    for one in facts.streams:
        if one.get("index") not in kept:
            kind = "cover" if one.get("attached_pic") else one.get("type", "unknown")
            words = [str(kind), one.get("codec", ""), languages.code(one.get("language"))]
            yield f"Stream {one.get('index')}: {' '.join(word for word in words if word)}"
