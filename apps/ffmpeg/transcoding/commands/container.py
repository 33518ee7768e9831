"""What is written around the streams: the container, and what it tells of the film."""

from apps.ffmpeg.transcoding.commands.texts import kept
from apps.ffmpeg.transcoding.plans import Plan, SubtitleDeed
from apps.ffmpeg.transcoding.spec import Container, Spec

Words = list[str]

_MUXERS = {
    Container.MP4: "mp4", Container.MATROSKA: "matroska", Container.WEBM: "webm",
    Container.M4A: "ipod",  # the same as mp4, and says that it is sound
    Container.OGG: "ogg", Container.MP3: "mp3",
}  # fmt: skip
_EXPERIMENTAL = frozenset({"flac"})  # in mp4, until ffmpeg 6
_LIKE_MP4 = (Container.MP4, Container.M4A)
# Packets of one stream wait for the first of another: subtitles that begin late let many wait.
_WAITING_PACKETS = "4096"


def container(plan: Plan, spec: Spec) -> Words:
    """Everything from metadata to the muxer's name."""
    kind = Container(plan.container) if plan.container else spec.container
    words = ["-map_metadata", "0" if plan.metadata else "-1", *_of_streams(plan)]
    words += ["-map_chapters", "0" if plan.chapters else "-1"]
    words += ["-max_muxing_queue_size", _WAITING_PACKETS]
    if kind in _LIKE_MP4:
        words += ["-write_tmcd", "0"]  # a track of time codes is no use to a player
        words += ["-movflags", "+faststart"] if spec.fast_start else []
        if any(track.codec in _EXPERIMENTAL for track in plan.audio):
            words += ["-strict", "experimental"]
    if kind is Container.MP3:
        words += ["-id3v2_version", "3"]  # which everything reads
    return [*words, "-f", _MUXERS[kind]]


def _of_streams(plan: Plan) -> Words:
    """What streams tell of themselves goes with those that are copied, and with no other.

    Matroska's statistics (bit rate, number of frames) would be wrong of what is made anew. Language
    and title are said apart. Attachments can't be without their names.
    """
    copied: list[tuple[str, int]] = []
    if plan.metadata:
        if plan.video is not None and plan.video.copy:
            copied.append(("v:0", plan.video.index))
        copied += [(f"a:{at}", one.index) for at, one in enumerate(plan.audio) if one.copy]
        copied += [
            (f"s:{at}", one.index)
            for at, one in enumerate(kept(plan))
            if one.deed is SubtitleDeed.COPY
        ]
    copied += [(f"t:{at}", index) for at, index in enumerate(plan.attachments)]
    words = ["-map_metadata:s", "-1"]
    for made, index in copied:
        words += [f"-map_metadata:s:{made}", f"0:s:{index}"]
    return words


def covers(plan: Plan) -> Words:
    """Still pictures stay what they are: without the note a player would take them for the film."""
    first = 0 if plan.video is None else 1
    words: Words = []
    for at in range(first, first + len(plan.covers)):
        words += [f"-c:v:{at}", "copy", f"-disposition:v:{at}", "attached_pic"]
    return words
