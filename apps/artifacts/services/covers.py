"""Making covers: one frame of each video, as WebP in card and full size."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.files.base import File as StoredFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.artifacts.choices import ArtifactKind, ArtifactState
from apps.artifacts.models import Artifact
from apps.core.progress import Progress, silent
from apps.ffmpeg.pool import CoverOutput, CoverRequest, CoverResult, MediaPool
from apps.library.models import Video

_BATCH = 24
_VERSION = 1
"""Grows when covers are made in another way, so that the old ones are stale."""

Guard = Callable[[], AbstractContextManager[Any]]


def cover_sizes() -> dict[str, tuple[int, int]]:
    """Widest width in pixels and WebP quality of each size."""
    return {
        "card": (settings.MEDIAHUB_COVER_CARD_PX, 72),
        "full": (settings.MEDIAHUB_COVER_FULL_PX, 82),
    }


def cover_parameters() -> str:
    """A hash of how covers are made today."""
    made = json.dumps([_VERSION, cover_sizes()])
    return hashlib.blake2b(made.encode(), digest_size=8).hexdigest()
