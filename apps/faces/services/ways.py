"""In which way faces are looked for now, and the child that does it."""

import hashlib
import json
from functools import cache

from django.conf import settings

from apps.core.errors import MediaHubError
from apps.faces.choices import Engine
from apps.faces.engines import way as engine_way
from apps.faces.finding.client import Finder
from apps.faces.finding.messages import FindWay, Found
from apps.faces.models import FaceSettings
from apps.faces.services.settings import settings_of_all

_VERSION = 2  # of how frames are chosen and faces linked: another one has everything searched again
_MODELS = frozenset({"face_model_missing", "face_model_altered", "unknown_face_engine"})


class FacesUnable(MediaHubError):
    """The engine that is chosen can't work here; nothing was found, and nothing written."""

    code = "faces_unable"
    status = 503


def way_now(row: FaceSettings | None = None) -> FindWay:
    """As the settings say."""
    row = row or settings_of_all()
    return FindWay(
        engine=Engine(row.engine).value,
        detector_width_px=row.detector_width_px,
        detector_score=row.detector_score,
        minimum_size_px=row.minimum_size_px,
        minimum_norm=row.minimum_norm,
        frames=row.frames,
    )


def digest_of(way: FindWay) -> str:
    """Of whatever decides which faces are found, which the engine that compares them isn't."""
    told = [
        _VERSION, engine_way(way.engine).detector, way.detector_width_px, way.detector_score,
        way.minimum_size_px, way.minimum_norm, way.frames, way.gap_ms,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


@cache
def shared_finder() -> Finder:
    """One child for whoever asks, kept until this process ends: to start it takes seconds."""
    return Finder(silence_s=float(settings.MEDIAHUB_ARTIFACT_TIMEOUT_SECONDS))


def check_able(found: Found) -> None:
    """Raises FacesUnable if what went wrong is no fault of the file's."""
    if found.error in _MODELS:
        raise FacesUnable(found.message)
