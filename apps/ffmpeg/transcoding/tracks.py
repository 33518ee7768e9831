"""Which tracks of sound and of subtitles are kept, in which order."""

import re
from typing import Any

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding import holds, languages
from apps.ffmpeg.transcoding.spec import AudioCodec, ImageSubtitles, Spec, TextSubtitles, Tracks

Stream = dict[str, Any]
_HANDLER = re.compile(r"handl|core media|gpac|iso media|mainconcept|^\W*$", re.IGNORECASE)
_COMMENTARY = re.compile(r"comment|kommentar|coment|audio.?descri", re.IGNORECASE)


def audio_of(facts: MediaFacts) -> list[Stream]:
    return [one for one in facts.streams if one.get("type") == "audio"]


def subtitles_of(facts: MediaFacts) -> list[Stream]:
    return [one for one in facts.streams if one.get("type") == "subtitle"]


def title_of(track: Stream) -> str:
    """What people named a track; MP4 has the name of its handler in its place."""
    handler = str(track.get("tags", {}).get("handler_name", ""))
    return str(track.get("title", "")) or ("" if _HANDLER.search(handler) else handler)


def kept_audio(facts: MediaFacts, spec: Spec) -> list[Stream]:
    """The tracks of sound that stay, the one to be heard first.

    A commentary never comes first and is never the only one, unless nothing else is there. A track
    whose language nobody wrote down may be any, and stays.
    """
    tracks = audio_of(facts)
    if spec.audio_codec is AudioCodec.NONE or not tracks:
        return []
    wanted = [languages.code(one) for one in spec.audio_languages]
    tracks.sort(key=lambda one: _rank(one, wanted))
    if spec.audio_tracks is Tracks.FIRST:
        return tracks[:1]
    if spec.audio_tracks is Tracks.LANGUAGES:
        kept = [one for one in tracks if _speaks(one, wanted)]
        if all(_is_commentary(one) for one in kept) and tracks[0] not in kept:
            kept.insert(0, tracks[0])
        return kept
    return tracks


def kept_text(facts: MediaFacts, spec: Spec) -> list[Stream]:
    """Text that is kept in some form; empty if the spec drops it."""
    if spec.text_subtitles is TextSubtitles.DROP:
        return []
    found = [one for one in _in_languages(facts, spec) if one.get("codec") in holds.TEXT_CODECS]
    if spec.text_subtitles is TextSubtitles.KEEP and not holds.text_made(spec.container):
        return []
    return found


def kept_images(facts: MediaFacts, spec: Spec) -> list[Stream]:
    """Pictures of text that are copied as they are."""
    if spec.image_subtitles is not ImageSubtitles.KEEP:
        return []
    return [
        one
        for one in _in_languages(facts, spec)
        if holds.holds_images(spec.container, one.get("codec", ""))
    ]


def burnt(facts: MediaFacts, spec: Spec) -> Stream | None:
    """The one track of pictures that is drawn: a forced one, else by language, else the first."""
    if spec.image_subtitles is not ImageSubtitles.BURN:
        return None
    wanted = [languages.code(one) for one in spec.subtitle_languages]
    found = [one for one in _in_languages(facts, spec) if one.get("codec") in holds.IMAGE_CODECS]
    found.sort(key=lambda one: (not one.get("forced"), _rank(one, wanted)))
    return found[0] if found else None


def _in_languages(facts: MediaFacts, spec: Spec) -> list[Stream]:
    tracks = subtitles_of(facts)
    wanted = [languages.code(one) for one in spec.subtitle_languages]
    return [one for one in tracks if not wanted or _speaks(one, wanted)]


def _speaks(track: Stream, wanted: list[str]) -> bool:
    spoken = languages.code(track.get("language"))
    return not spoken or spoken in wanted


def _rank(track: Stream, wanted: list[str]) -> tuple[bool, int, bool, int]:
    spoken = languages.code(track.get("language"))
    place = wanted.index(spoken) if spoken in wanted else len(wanted)
    return _is_commentary(track), place, not track.get("default"), track.get("index", 0)


def _is_commentary(track: Stream) -> bool:
    return bool(_COMMENTARY.search(title_of(track)))
