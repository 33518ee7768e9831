"""Who is in videos, by the way of the product: scan, find, place, name; and what finding costs.

Performers are known by pictures that are in no clip. Clips are the one of the tests and some that
are made here from stills, of people who are known and of strangers.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import faces_clips, place
from benchmarks.clips import ffmpeg_program
from benchmarks.faces_clips import Made, Still
from benchmarks.report import Report

if TYPE_CHECKING:
    from apps.faces.finding.messages import FindWay

_IMAGES = place.ROOT / "tests" / "faces" / "images"
_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_CLIPS, _CLIP_S, _CLIP_FPS = 6, 15, 10
_FILM_S, _FILM_FPS, _HALF_HOUR_S = 240, 30, 1_800
_TURNS = 3
_GALLERY = 3  # pictures of one performer
_PEER_FRAMES = 10  # of a film
# The clip of the tests is made of these: a gallery of it must do without.
_IN_DEV_CLIP = {"obama.jpg", "obama_senate.jpg", "biden.jpg", "person_a_2.jpg", "person_b_2.jpg"}


@dataclass(frozen=True, slots=True)
class Set:
    """Pictures that performers are known by, those that clips are made of, and strangers'."""

    known: dict[str, list[Path]]
    stills: list[Still]
    others: list[bytes]


def measure(report: Report) -> None:
    """``FACES`` is another folder of pictures, one folder a person."""
    folder = Path(os.environ.get("FACES") or _IMAGES)
    work = place.BUILD / "faces_videos"
    shutil.rmtree(work, ignore_errors=True)
    (work / "films").mkdir(parents=True)
    chosen = _choose(folder)
    clips = [_dev_clip(work / "films")] if folder == _IMAGES else []
    for number in range(_CLIPS):
        shots = faces_clips.plan(chosen.stills, seed=number, seconds=_CLIP_S)
        path = work / "films" / f"clip{number}.mp4"
        clips.append(
            faces_clips.make(path, shots, ffmpeg=ffmpeg_program(), fps=_CLIP_FPS, gop_s=10)
        )
    report.details["clips"] = [clip.truth for clip in clips]
    _identify(report, chosen, clips, work / "films")
    _costs(report, chosen, work)
    shutil.rmtree(work)


def _choose(folder: Path) -> Set:
    """Of whom there are two pictures or more is known by the first ones; the others are shown."""
    from apps.faces.finding.client import Finder
    from apps.faces.finding.messages import FindWay

    known: dict[str, list[Path]] = {}
    stills: list[Still] = []
    others: list[bytes] = []
    way = FindWay("yunet-sface-1")
    with Finder() as finder:
        for person in sorted(one for one in folder.iterdir() if one.is_dir()):
            pictures = sorted(p for p in person.iterdir() if p.suffix.lower() in _ENDINGS)
            found = {path: finder.find_in_image(os.fsencode(path), way) for path in pictures}
            if person.name.startswith("_"):
                others += [track.portrait for one in found.values() for track in one.tracks]
                continue
            shown = [path for path in pictures if path.name in _IN_DEV_CLIP or len(pictures) == 1]
            shown = shown or pictures[len(pictures) // 2 :]
            if gallery := [path for path in pictures if path not in shown][:_GALLERY]:
                known[person.name] = gallery
            stills += [
                Still(person.name, path, found[path].tracks[0].boxes[0])
                for path in shown if found[path].tracks
            ]  # fmt: skip
    return Set(known, stills, others)


def _dev_clip(folder: Path) -> Made:
    source = _IMAGES / "_video" / "dev_clip.mp4"
    shutil.copy(source, folder / "dev_clip.mp4")
    truth = json.loads(source.with_suffix(".json").read_text())
    people = frozenset(who for shot in truth["shots"] for who in shot["identities"])
    return Made(folder / "dev_clip.mp4", people, ())


def _identify(report: Report, chosen: Set, clips: Sequence[Made], films: Path) -> None:
    from apps.faces.choices import Engine

    strangers = {still.person for still in chosen.stills} - chosen.known.keys()
    report.say(
        "videos", f"{len(clips)} clips; {len(chosen.known)} people known by "
        f"{sum(map(len, chosen.known.values()))} pictures, {len(strangers)} strangers, "
        f"{len(chosen.others)} others known",
    )  # fmt: skip
    for engine in Engine.values:
        with _catalogue(films, chosen, engine):
            began = time.monotonic()
            said = _look_through(clips)
            took = time.monotonic() - began
        right = wrong = missed = 0
        for clip in clips:
            there = clip.people & chosen.known.keys()
            named = said[clip.path.name]
            right += len(there & named)
            wrong += len(named - there)
            missed += len(there - named)
        precision, recall = right / max(right + wrong, 1), right / max(right + missed, 1)
        both = 2 * precision * recall / max(precision + recall, 1e-9)
        bar = 0.95 if engine == Engine.YUNET_SFACE else None
        note = f"{right} right, {wrong} wrong, {missed} missed; {took:.0f} s"
        report.add(f"{engine}: people named in videos, F1", both, least=bar, note=note)
        report.add(f"{engine}: precision", precision)
        report.add(f"{engine}: recall", recall)
        report.details[f"videos {engine}"] = {name: sorted(who) for name, who in said.items()}


@contextmanager
def _catalogue(films: Path, chosen: Set, engine: str) -> Iterator[None]:
    """A database of its own with the clips, and performers with their pictures."""
    from django.core.files.base import ContentFile
    from django.db import connection
    from django.utils import timezone

    from apps.faces.services import find_pictures
    from apps.faces.services.libraries import edit_library, edit_settings
    from apps.library.models import Performer
    from apps.library.services.libraries import add_library
    from apps.library.services.pictures import add_picture
    from apps.library.services.scan import scan_library

    before = connection.settings_dict["NAME"]
    place.make_database("bench_faces")
    try:
        library = add_library(films)
        scan_library(library, now=timezone.now())
        edit_settings({"engine": engine})
        edit_library(library, enabled=True)
        gallery = {name: [path.read_bytes() for path in paths]
                   for name, paths in chosen.known.items()}  # fmt: skip
        gallery |= {f"other {number}": [data] for number, data in enumerate(chosen.others)}
        pictures = []
        for name, several in gallery.items():
            performer = Performer.objects.create(name=name)
            pictures += [
                add_picture(performer, ContentFile(data, name="picture")) for data in several
            ]
        find_pictures.find_in_images()
        yield
        for picture in pictures:
            picture.image.delete(save=False)
    finally:
        place.use_database(before)
        place.drop_database("bench_faces")


def _look_through(clips: Sequence[Made]) -> dict[str, set[str]]:
    """Whom the machine put on each clip."""
    from apps.faces.services.find import find_in_video
    from apps.library.models import Video

    said = {}
    for clip in clips:
        video = Video.objects.get(path=clip.path.name)
        find_in_video(video.pk)
        said[clip.path.name] = set(video.performers.values_list("name", flat=True))
    return said


def _costs(report: Report, chosen: Set, work: Path) -> None:
    """Of half an hour with six people, and from films of four minutes with three. In neither a
    frame comes twice."""
    whole = faces_clips.plan(
        chosen.stills, seed=98, seconds=_HALF_HOUR_S, shot_s=(2, 10), together=(1, 1, 2), most=6
    )
    cuts = faces_clips.plan(chosen.stills, seed=99, seconds=_FILM_S)
    pairs = faces_clips.plan(chosen.stills, seed=99, seconds=_FILM_S, together=(2,))
    calm = faces_clips.plan(
        chosen.stills, seed=99, seconds=_FILM_S, shot_s=(10, 40), together=(1, 2, 2)
    )
    films = (
        ("shots of 2 to 5 s", cuts, (10, 2)), ("two people in each", pairs, (10,)),
        ("shots of 10 to 40 s", calm, (10,)), ("six people, shots of 2 to 10 s", whole, (10,)),
    )  # fmt: skip
    for shown, shots, gops_s in films:
        paths = {work / f"film{gop_s}.mp4": gop_s for gop_s in gops_s}
        faces_clips.make_each(paths, shots, ffmpeg=ffmpeg_program(), fps=_FILM_FPS)
        for path, gop_s in paths.items():
            _cost(
                report,
                path,
                f"{shown}, key frame each {gop_s} s",
                sum(shot.seconds for shot in shots),
            )
            path.unlink()


def _cost(report: Report, path: Path, shown: str, seconds: float) -> None:
    """The least of some turns of each, one after the other: neighbours on the machine slow both."""
    from apps.faces.finding.client import Finder
    from apps.faces.finding.messages import FindRequest, Found

    scale = _HALF_HOUR_S / seconds
    request = FindRequest(os.fsencode(path), _way(seconds))
    turns: list[tuple[Found, float]]
    with Finder() as finder:
        turns = [(finder.find(request), _decode_s(path)) for _ in range(_TURNS)]
    found = min((found for found, _ in turns), key=lambda one: one.cpu_ms)
    whole_s = scale * min(whole for _, whole in turns)
    frames_s, all_s = scale * found.decode_ms / 1000, scale * found.cpu_ms / 1000
    peer_s, of_frames = _peer(path, _way(seconds))
    peer_s *= scale * found.frames
    seen = f"{found.frames} frames, {found.faces} faces, {len(found.tracks)} people"
    report.add(f"half an hour of 720p, {shown}: finding, CPU", all_s, "s", most=60, note=seen)
    report.add("  full decoding, CPU", whole_s, "s", note=f"scaled from {seconds / 60:.0f} minutes")
    report.add("  getting frames, of a full decoding", 100 * frames_s / whole_s, "%", most=15)
    report.add("  all of finding, of a full decoding", 100 * all_s / whole_s, "%", most=15)
    report.add("  face_recognition's defaults on as many frames, CPU", peer_s + frames_s, "s",
               note=f"scaled from {of_frames} frames")  # fmt: skip
    report.add("  times as much", (peer_s + frames_s) / max(all_s, 1e-9), least=5)


def _decode_s(path: Path) -> float:
    """Every frame, by one thread, and nothing else."""
    import av

    began = time.process_time()
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for _ in container.decode(video=0):
            pass
    return time.process_time() - began


def _way(seconds: float) -> "FindWay":
    """Looks through a film as densely as through half an hour."""
    from apps.faces.finding.messages import FindWay

    way = FindWay("yunet-sface-1")
    return replace(way, frames=round(way.frames * seconds / _HALF_HOUR_S))


def _peer(path: Path, way: "FindWay") -> tuple[float, int]:
    """What HOG, looking twice as large, and its encodings take of a whole frame; and of how many
    that is the mean."""
    import face_recognition

    taken, spent = 0, 0.0
    for picture in _pictures(path, way):
        began = time.process_time()
        places = face_recognition.face_locations(picture)
        face_recognition.face_encodings(picture, places)
        spent += time.process_time() - began
        taken += 1
    return spent / taken, taken


def _pictures(path: Path, way: "FindWay") -> Iterator[Any]:
    """Some of the frames that finding looks at, whole, in red, green and blue."""
    import numpy as np

    from apps.faces.finding.walk import Clock, walk
    from apps.ffmpeg.frames.opening import open_video
    from apps.ffmpeg.source import open_source

    with (
        open_source(os.fsencode(path)) as source,
        open_video(source.path, head=source.read_head(), beat=lambda: None) as video,
    ):
        pictures = walk(
            video, frames=way.frames, gap_ms=way.gap_ms, duration_ms=None, clock=Clock(),
            told=lambda _done, _total: None,
        )  # fmt: skip
        each = max(way.frames // _PEER_FRAMES, 1)
        for number, picture in enumerate(pictures):
            if number % each == 0:
                yield np.ascontiguousarray(picture.whole[:, :, ::-1])
