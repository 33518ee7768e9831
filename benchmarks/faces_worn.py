"""Pictures of people made as bad as faces in videos are: small, blurred, dark, badly compressed."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("32 pixels", "blurred", "dark", "JPEG 8")
_MOST = 60  # pictures of a large set
_FACE_PX = 90  # of all but the small ones


@dataclass(frozen=True, slots=True)
class Worn:
    path: Path
    person: str
    of: str  # the picture's name
    kind: str


def wear(pictures: Sequence[tuple[Path, str]], folder: Path) -> list[Worn]:
    """Files in ``folder`` of pictures and whom they show, spread over the whole set; those in
    which no face is found are left out."""
    import cv2

    from apps.faces import engines

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    engine, made = engines.load(engines.ENGINES[0]), []
    step = max(1, -(-len(pictures) // _MOST))
    for number, (path, person) in enumerate(pictures[::step]):
        image = cv2.imread(str(path))
        faces = [] if image is None else engine.detect(image, width_px=640, score=0.8)
        if not faces:
            continue
        across = max(faces[0].box[2], 1.0)
        for kind in KINDS:
            scale = min(1.0, (32 if kind == KINDS[0] else _FACE_PX) / across)
            small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            ending = ".jpg" if kind == "JPEG 8" else ".png"
            target = folder / f"{number}-{KINDS.index(kind)}{ending}"
            cv2.imwrite(str(target), _worn(small, kind), [cv2.IMWRITE_JPEG_QUALITY, 8])
            made.append(Worn(target, person, path.name, kind))
    return made


def _worn(image: Any, kind: str) -> Any:
    import cv2

    match kind:
        case "blurred":
            return cv2.GaussianBlur(image, (0, 0), 2.2)
        case "dark":
            return cv2.convertScaleAbs(image, alpha=0.2)
        case _:
            return image
