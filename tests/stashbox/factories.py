"""Boxes, scenes of theirs, and candidates, made in one line.

What stands for the box's own answers is made by ``scene`` and its like: nothing is asked of a box.
"""

import itertools
from typing import Any
from uuid import UUID

from apps.library.models import Video
from apps.stashbox import schema
from apps.stashbox.choices import Kind, MatchState, Source
from apps.stashbox.models import RemoteLink, StashBox, StashMatch
from apps.stashbox.schema import (
    RemoteAppearance,
    RemotePerformer,
    RemotePrint,
    RemoteScene,
    RemoteStudio,
    RemoteTag,
)
from tests.factories import make_video

_numbers = itertools.count(1)


def remote_id(number: int | None = None) -> str:
    """An id as boxes give them; the same number gives the same."""
    return str(UUID(int=(0x5A5B << 112) + (next(_numbers) if number is None else number)))


def make_box(name: str = "", **values: Any) -> StashBox:
    """A box that may be asked in private networks, as the stand-in is."""
    number = next(_numbers)
    values = {"url": f"http://127.0.0.1:9/graphql{number}", "allow_private": True, **values}
    return StashBox.objects.create(name=name or f"Box {number}", **values)


def remote_print(algorithm: str = "OSHASH", digest: str = "", **values: Any) -> RemotePrint:
    digest = digest or f"{next(_numbers):016x}"
    return RemotePrint(algorithm=algorithm, hash=digest, **{"duration_s": 60, **values})


def remote_studio(name: str = "", **values: Any) -> RemoteStudio:
    number = next(_numbers)
    return RemoteStudio(**{"id": remote_id(), "name": name or f"Remote studio {number}", **values})


def remote_tag(name: str = "", **values: Any) -> RemoteTag:
    number = next(_numbers)
    return RemoteTag(**{"id": remote_id(), "name": name or f"Remote tag {number}", **values})


def remote_performer(name: str = "", **values: Any) -> RemotePerformer:
    number = next(_numbers)
    values = {"id": remote_id(), "name": name or f"Remote performer {number}", **values}
    return RemotePerformer(**values)


def scene(
    title: str = "", *, performers: list[RemotePerformer] | None = None, **values: Any
) -> RemoteScene:
    """A scene that says something of every field, if nothing else is given."""
    number = next(_numbers)
    cast = [remote_performer()] if performers is None else performers
    return RemoteScene(
        **{
            "id": remote_id(),
            "title": title or f"Scene {number}",
            "details": f"What happens in scene {number}.",
            "date": "2020-05-17",
            "urls": (f"https://example.com/scenes/{number}",),
            "duration_s": 60,
            "studio": remote_studio(),
            "performers": tuple(RemoteAppearance(performer=each) for each in cast),
            "tags": (remote_tag(),),
            **values,
        }
    )


def make_match(
    video: Video | None = None,
    *,
    box: StashBox | None = None,
    of: RemoteScene | None = None,
    **values: Any,
) -> StashMatch:
    """A candidate to review, found by fingerprints."""
    wanted = of or scene()
    values = {
        "source": Source.FINGERPRINT,
        "state": MatchState.REVIEW,
        "score": 70,
        "remote_id": wanted.id,
        "payload": schema.as_json(wanted),
        "evidence": {"prints": [], "duration": {}, "words": [], "reasons": []},
        **values,
    }
    return StashMatch.objects.create(video=video or make_video(), box=box or make_box(), **values)


def make_link(box: StashBox, row: Any, remote: str = "") -> RemoteLink:
    """That a video, performer, studio or tag here is a certain one of the box."""
    name = row._meta.model_name
    kind = Kind.SCENE if name == "video" else Kind(name)
    return RemoteLink.objects.create(
        box=box, kind=kind, remote_id=remote or remote_id(), **{name: row}
    )
