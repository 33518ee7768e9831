"""Candidates as they stand with faces: without names, which are looked up when they are shown."""

from collections.abc import Sequence
from typing import Any

from apps.faces.services.naming.gallery import names_of

Told = dict[str, Any]


def with_names(stored: Sequence[Any]) -> list[list[Told]]:
    """Of each face the candidates (``Track.candidates``) with what they are called now; who was
    deleted, and what is no candidate, is left out. One statement."""
    faces = [list(filter(_is_told, each)) if isinstance(each, list) else [] for each in stored]
    names = names_of({one["performer_id"] for each in faces for one in each})
    return [
        [
            {**one, "name": names[one["performer_id"]]}
            for one in each
            if one["performer_id"] in names
        ]
        for each in faces
    ]


def _is_told(one: Any) -> bool:
    return isinstance(one, dict) and type(one.get("performer_id")) is int
