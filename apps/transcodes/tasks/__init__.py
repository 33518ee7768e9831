"""Transcodes as jobs."""

from apps.transcodes.tasks import asking as asking
from apps.transcodes.tasks import trash as trash
