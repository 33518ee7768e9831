"""Each engine on pictures of people, by the code that looks at performers' pictures.

``FACES`` is a folder with one folder a person. Beside these there may be ``_group`` (several people
a picture; ``faces.json`` says where, in parts of it: middle, width and height of each face) and
``_noface`` (nobody). Bars are for the engine that is chosen unless somebody chooses another.
"""

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import faces_naming, faces_worn, place
from benchmarks.faces_naming import Seen
from benchmarks.faces_sums import Verification, pairwise_f1, verification
from benchmarks.faces_worn import Worn
from benchmarks.report import Report

_IMAGES = place.ROOT / "tests" / "faces" / "images"
_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_TURNS = 7
_FRAME = (640, 360)
_LEAST_NORM = 9.0
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Picture:
    path: Path
    person: str  # "" of a group, or of nobody


@dataclass(slots=True)
class Looked:
    """What an engine saw: of each person, and, by picture, of groups and where nobody is."""

    people: list[Seen] = field(default_factory=list)
    groups: dict[str, list[Seen]] = field(default_factory=dict)
    ghosts: int = 0
    passed_over: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of the pictures of ``people``
    worn: list[tuple[Worn, Seen | None]] = field(default_factory=list)

    @property
    def strangers(self) -> list[Seen]:
        """Of groups, those of whom enough can be told to be kept."""
        seen = [each for faces in self.groups.values() for each in faces]
        return [each for each in seen if each.norm >= _LEAST_NORM]

    def by_person(self) -> dict[str, list[Seen]]:
        found: dict[str, list[Seen]] = {}
        for each in self.people:
            found.setdefault(each.person, []).append(each)
        return found


def measure(report: Report) -> None:
    from apps.faces.engines import ENGINES

    folder = Path(os.environ.get("FACES") or _IMAGES)
    people = [
        Picture(path, each.name)
        for each in sorted(folder.iterdir())
        if each.is_dir() and not each.name.startswith("_")
        for path in _pictures(each)
    ]
    persons = len({each.person for each in people})
    report.say("pictures", f"{len(people):,} of {persons:,} people, {folder.name}")
    report.details["images"] = {}
    worn = faces_worn.wear(
        [(each.path, each.person) for each in people], place.BUILD / "faces_worn"
    )
    for engine in ENGINES:
        of_engine = Bars(report, engine, barred=engine == ENGINES[0])
        looked = _look(folder, people, worn, engine)
        _detection(of_engine, folder, looked)
        _verification(of_engine, looked)
        _worn(of_engine, looked)
        _grouping(of_engine, looked)
        for exemplars in (1, 3):
            said = faces_naming.ask(engine, looked.by_person(), looked.strangers, exemplars)
            _naming(of_engine, said, exemplars)
        _speed(of_engine)
        report.details["images"][engine] = of_engine.details
    shutil.rmtree(place.BUILD / "faces_worn")


class Bars:
    """Results of one engine; bars count for one alone."""

    def __init__(self, report: Report, engine: str, *, barred: bool) -> None:
        self.report, self.engine, self.barred = report, engine, barred
        self.details: dict[str, Any] = {}

    def add(
        self, what: str, value: float, unit: str = "", *, least: float | None = None,
        most: float | None = None, note: str = "",
    ) -> None:  # fmt: skip
        bars = {"least": least, "most": most} if self.barred else {}
        self.report.add(f"{self.engine}: {what}", value, unit, note=note, **bars)
        self.details[what] = value


def _pictures(folder: Path) -> list[Path]:
    return [each for each in sorted(folder.glob("*")) if each.suffix.lower() in _ENDINGS]


def _look(folder: Path, people: list[Picture], worn: list[Worn], engine: str) -> Looked:
    """By the child that reads pictures of performers, with settings as they are at first; groups
    without its gates, to see all that the detector finds."""
    from apps.faces.finding.client import Finder
    from apps.faces.finding.messages import FindWay, Found

    looked, usual = Looked(), FindWay(engine=engine)
    ungated = FindWay(engine=engine, minimum_norm=0, minimum_size_px=10)
    with Finder() as finder:

        def look(path: Path, person: str = "", *, way: FindWay = usual) -> list[Seen]:
            found: Found = finder.find_in_image(os.fsencode(path), way)
            if found.error:
                print(f"    {path.name}: {found.message}")
            return [
                Seen(person, (left + across / 2, top + down / 2), track.vector, track.norm)
                for track in found.tracks
                for left, top, across, down in track.boxes
            ]

        for picture in people:
            if faces := look(picture.path, picture.person):
                looked.people.append(faces[0])
                looked.names.append(picture.path.name)
            else:
                looked.passed_over.append(f"{picture.person}/{picture.path.name}")
        for each in worn:
            faces = look(each.path, each.person)
            looked.worn.append((each, faces[0] if faces else None))
        for path in _pictures(folder / "_group"):
            looked.groups[path.name] = look(path, way=ungated)
        looked.ghosts = sum(len(look(path, way=ungated)) for path in _pictures(folder / "_noface"))
    return looked


def _detection(of_engine: Bars, folder: Path, looked: Looked) -> None:
    found, missed = len(looked.people), len(looked.passed_over)
    of_engine.add("a person's face found", found / max(found + missed, 1), least=0.97,
                  note=f"{missed} passed over")  # fmt: skip
    of_engine.details["passed over"] = looked.passed_over
    truth = folder / "_group" / "faces.json"
    if not truth.is_file():
        return
    hits = wrong = there = 0
    for name, faces in json.loads(truth.read_text()).items():
        free = list(faces)
        there += len(faces)
        for seen in looked.groups.get(name, []):
            near = [each for each in free if _is_at(each, seen.middle)]
            if near:
                free.remove(near[0])
                hits += 1
            else:
                wrong += 1
    wrong += looked.ghosts
    of_engine.add("faces of groups of which enough can be told", len(looked.strangers) / there)
    of_engine.add("recall in groups", hits / there, least=0.97, note=f"{hits} of {there}")
    of_engine.add("precision in groups and of nobody", hits / max(hits + wrong, 1), least=0.97,
                  note=f"{wrong} that are none")  # fmt: skip


def _is_at(face: tuple[float, float, float, float], middle: tuple[float, float]) -> bool:
    return all(abs(face[side] - middle[side]) <= face[2 + side] / 2 for side in (0, 1))


def _verification(of_engine: Bars, looked: Looked) -> None:
    """Each with each; strangers of groups are compared with people, not with one another."""
    vectors, names = _arrays(looked.people)
    if len(vectors) < 2:
        return
    alike = vectors @ vectors.T
    first, second = np.triu_indices(len(vectors), 1)
    same = names[first] == names[second]
    strangers, _ = _arrays(looked.strangers)
    others = (vectors @ strangers.T).ravel() if len(strangers) else np.zeros(0, np.float32)
    found: Verification = verification(
        alike[first, second][same], np.concatenate([alike[first, second][~same], others])
    )
    pairs = f"{found.same:,} pairs of one person, {found.different:,} of two"
    of_engine.add("AUC", found.auc, note=pairs)
    of_engine.add("best balanced accuracy", found.best_accuracy,
                  note=f"at {found.best_threshold:.3f}")  # fmt: skip
    for far, (rate, threshold) in found.tpr_at.items():
        bar = 0.965 if far == 1e-4 else None
        of_engine.add(f"TPR at FAR {far:g}", rate, least=bar, note=f"from {threshold:.3f} on")
    of_engine.details["verification"] = asdict(found)


def _worn(of_engine: Bars, looked: Looked) -> None:
    """Bad pictures of people, against good ones of theirs, and of others."""
    good, names = _arrays([*looked.people, *looked.strangers])
    seen = [(worn, face) for worn, face in looked.worn if face is not None]
    if not seen:
        return
    of_engine.add("worn pictures: faces found and kept", len(seen) / len(looked.worn),
                  note=f"of {len(looked.worn)}: {', '.join(faces_worn.KINDS)}")  # fmt: skip
    same: list[NDArray[np.float32]] = []
    different: list[NDArray[np.float32]] = []
    pictures = np.array([*looked.names, *("" for _ in looked.strangers)])
    for worn, face in seen:
        alike = good @ face.vector
        theirs = names == worn.person
        same.append(alike[theirs & (pictures != worn.of)])
        different.append(alike[~theirs])
    found = verification(np.concatenate(same), np.concatenate(different))
    pairs = f"{found.same:,} pairs of one person, {found.different:,} of two"
    of_engine.add("worn pictures: AUC", found.auc, note=pairs)
    for far, (rate, threshold) in found.tpr_at.items():
        of_engine.add(f"worn pictures: TPR at FAR {far:g}", rate, note=f"from {threshold:.3f} on")


def _grouping(of_engine: Bars, looked: Looked) -> None:
    from apps.faces import grouping
    from apps.faces.engines import calibration

    vectors, names = _arrays(looked.people)
    if not len(vectors):
        return
    _, truth = np.unique(names, return_inverse=True)
    labels = grouping.group(
        vectors, norms=np.array([each.norm for each in looked.people], np.float32),
        fixed=np.full(len(vectors), -1, np.int64),
        thresholds=grouping.for_size(len(vectors), calibration(of_engine.engine)),
    )  # fmt: skip
    scored = grouping.bcubed(labels, truth.astype(np.int64))
    groups = len(set(labels[labels >= 0].tolist()))
    note = f"{groups} groups of {truth.max() + 1} people"
    of_engine.add("grouping: B-cubed F1", scored.f1, least=0.98, note=note)
    of_engine.add("grouping: B-cubed precision", scored.precision)
    of_engine.add("grouping: pairwise F1", pairwise_f1(labels, truth), least=0.97)


def _naming(of_engine: Bars, said: faces_naming.Said, exemplars: int) -> None:
    if not said.known:
        return
    shown = f"{exemplars} picture{'s' if exemplars > 1 else ''} each"
    least, most = (0.97, 0.01) if exemplars == 3 else (None, None)
    note = f"of {said.known:,}; {said.likely:,} more are suggested first"
    of_engine.add(f"naming, {shown}: rightly named unasked", said.right / said.known,
                  least=least, note=note)  # fmt: skip
    of_engine.add(f"naming, {shown}: wrongly named", said.wrong / said.known)
    of_engine.add(f"naming, {shown}: strangers named", said.mistaken / max(said.strangers, 1),
                  most=most, note=f"of {said.strangers:,}")  # fmt: skip


def _speed(of_engine: Bars) -> None:
    """CPU time of one thread, the least of some turns, by the libraries themselves."""
    import cv2

    from apps.faces import engines
    from apps.faces.engines import align

    engine = engines.load(of_engine.engine)
    group = [cv2.imread(str(path)) for path in _pictures(_IMAGES / "_group")]
    frames = [cv2.resize(each, _FRAME, interpolation=cv2.INTER_AREA) for each in group]
    found = [engine.detect(each, width_px=_FRAME[0], score=0.8) for each in group]
    crops = [
        align.crop(image, each.landmarks)
        for image, faces in zip(group, found, strict=True)
        for each in faces
    ][:8]

    def detect() -> None:
        for frame in frames:
            engine.detect(frame, width_px=_FRAME[0], score=0.8)

    of_engine.add("a frame of 640x360 looked at", _least_ms(detect) / len(frames), "ms", most=20)
    if crops:
        per_face = _least_ms(lambda: engine.embed(crops)) / len(crops)
        of_engine.add("a face compared", per_face, "ms", most=40)
    of_engine.details["device"] = engine.device


def _least_ms(call: Callable[[], object]) -> float:
    call()
    turns = []
    for _ in range(_TURNS):
        began = time.process_time()
        call()
        turns.append(1_000 * (time.process_time() - began))
    return min(turns)


def _arrays(seen: list[Seen]) -> tuple[Vectors, NDArray[np.str_]]:
    vectors = np.array([each.vector for each in seen], np.float32)
    return vectors.reshape(len(seen), vectors.shape[-1]), np.array([each.person for each in seen])
