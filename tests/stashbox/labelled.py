"""A labelled set: videos made by ffmpeg, what a box knows of them, and which scene each is.

A family is a video that the box knows by its first file: an intro, which all of a studio begin
with, and a minute of moving colours. What people have of it is made from that file. All families
have one duration, and there are videos of the same kind that the box doesn't know.
"""

import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from apps.artifacts.models import Fingerprint
from apps.artifacts.services.making import make_artifacts
from apps.ffmpeg.binaries import find_binaries
from apps.library.models import Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from apps.stashbox.choices import MatchState
from apps.stashbox.models import StashMatch
from tests.factories import NOON
from tests.stashbox.standin import Data

WHOLE_S, INTRO_S, CLIP_S = 70, 6, 40
_SIZE = "96x54"
_RATE = 4
_STUDIO = "Labelled Studio"
_ENCODE = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "8")
# what is made from a family's first file
_MADE: dict[str, tuple[str, ...]] = {
    "re-encode": ("-vf", "scale=64:36", "-crf", "38"),
    "re-encode, other frame rate": ("-vf", "fps=3", "-crf", "30"),
    "trimmed": ("-t", f"{WHOLE_S - 9}", "-crf", "24"),
    "trimmed by a second": ("-t", f"{WHOLE_S - 1}", "-crf", "24"),
    "intro cut": ("-ss", f"{INTRO_S}", "-crf", "24"),
}
_CLIP = {"short clip, re-encode": ("-vf", "scale=64:36", "-crf", "38")}


@dataclass(frozen=True, slots=True)
class Label:
    """What sort of copy a video is, and the scenes that it may be called; none is unknown."""

    kind: str
    scenes: frozenset[str] = frozenset()


@dataclass(slots=True)
class Measured:
    """Of one kind: how many, and what became of them."""

    videos: int = 0
    applied: int = 0
    wrongly_applied: int = 0
    offered: int = 0  # its own scene among those to review
    wrongly_offered: int = 0  # only others
    nothing: int = 0


def make_files(folder: Path, families: int) -> None:
    """Write the videos, named ``<family>-<kind>``; of each sort as many as there are families."""
    for number in range(families):
        _draw(folder, f"{number}-same file", seed=number)
        _again(folder, number, "same file", _MADE)
        _draw(folder, f"{number}-unknown", seed=1_000 + number)
        _draw(folder, f"{number}-two sites", seed=2_000 + number)
        _draw(folder, f"{number}-short clip", seed=3_000 + number, seconds=CLIP_S)
        _again(folder, number, "short clip", _CLIP)
        colour = f"color=c=black:s={_SIZE}:r={_RATE}:d={WHOLE_S + number}"
        _run("-f", "lavfi", "-i", colour, *_ENCODE, folder / f"{number}-black.mp4")


def catalogue(folder: Path) -> dict[tuple[int, str], Video]:
    """Scan the folder and hash what was found: the project's own way. By family and kind."""
    scan_library(add_library(folder), now=NOON)
    found = {}
    for video in Video.objects.select_related("primary_file").order_by("pk"):
        make_artifacts(video.pk, kinds=["phash"])
        number, _, kind = Path(video.path).stem.partition("-")
        found[int(number), kind] = video
    return found


def teach(data: Data, videos: Mapping[tuple[int, str], Video]) -> dict[int, Label]:
    """Let a box know the first file of each family; the labels of all videos, by their ids."""
    studio = data.add_studio(_STUDIO)
    scenes: dict[tuple[int, str], frozenset[str]] = defaultdict(frozenset)
    known = {"same file": "Film", "two sites": "Work", "short clip": "Clip", "black": "Night"}
    for (number, kind), video in videos.items():
        if name := known.get(kind):
            # of a black video another one is known: as black, and as long
            prints = list(_prints(video, of_file=kind != "black"))
            sites = 2 if kind == "two sites" else 1
            scenes[number, kind] = frozenset(
                data.add_scene(
                    title=f"{name} {number} of site {site}", studio=studio, duration=prints[0][2],
                    # the second site's file is another encode of the same pictures
                    prints=prints if not site else [p for p in prints if p[0] == "PHASH"],
                )
                for site in range(sites)
            )  # fmt: skip
    labels = {}
    for (number, kind), video in videos.items():
        first = "short clip" if kind.startswith("short clip") else "same file"
        own = kind if kind in {"two sites", "unknown"} else first
        labels[video.pk] = Label(kind, frozenset() if kind == "black" else scenes[number, own])
    for entity in data.scenes.values():
        for each in entity["fingerprints"]:
            each["submissions"] = 3
    return labels


def measure(labels: Mapping[int, Label]) -> dict[str, Measured]:
    """What became of the videos, by kind. Two sites' are right with either, and sure of none."""
    offered: dict[int, set[str]] = defaultdict(set)
    applied: dict[int, str] = {}
    for match in StashMatch.objects.filter(video__in=labels):
        if match.state == MatchState.APPLIED:
            applied[match.video_id] = match.remote_id
        elif match.state == MatchState.REVIEW:
            offered[match.video_id].add(match.remote_id)
    found: dict[str, Measured] = defaultdict(Measured)
    for video, label in labels.items():
        of_kind = found[label.kind]
        of_kind.videos += 1
        if video in applied:
            right = len(label.scenes) == 1 and applied[video] in label.scenes
            of_kind.applied += right
            of_kind.wrongly_applied += not right
        elif offered[video]:
            right = bool(label.scenes & offered[video])
            of_kind.offered += right
            of_kind.wrongly_offered += not right
        else:
            of_kind.nothing += 1
    return dict(found)


def precision(measured: Iterable[Measured]) -> float:
    """Of what was applied unasked the share that was right."""
    total = Counter[str]()
    for each in measured:
        total["right"] += each.applied
        total["wrong"] += each.wrongly_applied
    return total["right"] / ((total["right"] + total["wrong"]) or 1)


def _prints(video: Video, *, of_file: bool) -> Iterator[tuple[str, str, int]]:
    file = video.primary_file
    assert file
    assert file.duration_ms
    seconds = round(file.duration_ms / 1_000)
    if of_file:
        yield "OSHASH", file.oshash, seconds
    yield "PHASH", Fingerprint.objects.get(content=file.content).hex, seconds


def _draw(folder: Path, name: str, *, seed: int, seconds: int = WHOLE_S) -> None:
    """The studio's intro, and colours that move as the seed says."""
    moving = (
        f"gradients=s={_SIZE}:r={_RATE}:n=6:speed=0.03:seed={seed}:d={seconds - INTRO_S}"
        f",rotate=t/20+{seed % 7}"
    )
    graph = f"smptebars=s={_SIZE}:r={_RATE}:d={INTRO_S}[a];{moving}[b];[a][b]concat=n=2"
    _run("-filter_complex", graph, *_ENCODE, "-crf", "24", folder / f"{name}.mp4")


def _again(folder: Path, number: int, name: str, made: Mapping[str, tuple[str, ...]]) -> None:
    """Encode a video again, in all of these ways."""
    wanted = [
        part for kind, how in made.items()
        for part in (*_ENCODE, *how, folder / f"{number}-{kind}.mkv")
    ]  # fmt: skip
    _run("-i", folder / f"{number}-{name}.mp4", *wanted)


def _run(*arguments: str | Path) -> None:
    ffmpeg = find_binaries().ffmpeg
    assert ffmpeg
    command = [ffmpeg.path, "-v", "error", "-y", "-threads", "1", *arguments]
    subprocess.run([str(each) for each in command], check=True, stdin=subprocess.DEVNULL)
