"""The tracks of sound: copied, or brought to a codec, a layout and a rate."""

from apps.ffmpeg.transcoding.plans import AudioPlan, Plan
from apps.ffmpeg.transcoding.spec import Container, Downmix

Words = list[str]

ENCODERS = {
    "aac": "aac", "opus": "libopus", "mp3": "libmp3lame", "ac3": "ac3", "eac3": "eac3",
    "flac": "flac",
}  # fmt: skip
"""Of each codec, the encoder that every build has and that is good."""

_LAYOUTS = {
    1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1",
}  # fmt: skip
_LOSSLESS = frozenset({"flac"})
# A gap in the source's sound is filled and what overlaps is dropped, so that it stays with the
# picture; it begins with the picture too, since not every player heeds the note of a later start.
_IN_STEP = "aresample=async=1:first_pts=0"
# The centre, where people speak, at full level (the standard mix has it 3 dB lower), the front 6 dB
# and the rear 9 dB lower, and what would be louder than full held back. Mixing first to 5.1 gives
# every channel its name.
_DIALOGUE = (
    "aformat=channel_layouts=5.1,"
    "pan=stereo|FL=FC+0.5*FL+0.35*BL+0.2*LFE|FR=FC+0.5*FR+0.35*BR+0.2*LFE,"
    "alimiter=limit=0.97:level=0"
)


def named(stream: str, title: str, plan: Plan) -> Words:
    """A track's title; of mp4 many readers know the handler's name only."""
    words = [f"-metadata:s:{stream}", f"title={title}"]
    if plan.container in (Container.MP4, Container.M4A):
        words += [f"-metadata:s:{stream}", f"handler_name={title}"]
    return words


def sound(plan: Plan) -> Words:
    """Options of every track, in the order of the plan."""
    words: Words = []
    for at, track in enumerate(plan.audio):
        words += _copied(at) if track.copy else _encoded(at, track)
        words += _described(at, track, plan)
    return words


def _copied(at: int) -> Words:
    return [f"-c:a:{at}", "copy"]


def _encoded(at: int, track: AudioPlan) -> Words:
    words = [f"-c:a:{at}", ENCODERS.get(track.codec, track.codec)]
    if track.bitrate and track.codec not in _LOSSLESS:
        words += [f"-b:a:{at}", str(track.bitrate)]
    if track.sample_rate:
        words += [f"-ar:a:{at}", str(track.sample_rate)]
    return [*words, f"-filter:a:{at}", ",".join(_filters(track))]


def _filters(track: AudioPlan) -> list[str]:
    """The layout is named: Opus takes 5.1 with rear speakers only, and most films have side ones.

    ffmpeg's own mix to fewer channels is the standard one.
    """
    if track.downmix == Downmix.DIALOGUE and track.channels == 2:
        return [_IN_STEP, _DIALOGUE]
    layout = _LAYOUTS.get(track.channels)
    return [_IN_STEP, f"aformat=channel_layouts={layout}"] if layout else [_IN_STEP]


def _described(at: int, track: AudioPlan, plan: Plan) -> Words:
    words: Words = []
    if track.language:
        words += [f"-metadata:s:a:{at}", f"language={track.language}"]
    if track.title and plan.metadata:
        words += named(f"a:{at}", track.title, plan)
    return [*words, f"-disposition:a:{at}", "+default" if track.default else "-default"]
