"""Rows for tests, made in one line: what a test doesn't care about gets a plausible value.

Every function takes the model's own field names; names that must be unique are counted.
"""

import hashlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.utils import timezone

from apps.accounts.choices import Role, Scope
from apps.accounts.models import ApiToken
from apps.accounts.services.tokens import create_token
from apps.artifacts.choices import ArtifactKind, ArtifactState
from apps.artifacts.models import Artifact
from apps.artifacts.services.kinds import parameters
from apps.jobs.choices import AT_WORK, FINISHED, JobState, Queue
from apps.jobs.models import Job
from apps.library.choices import Orientation, ProbeState
from apps.library.models import (
    CustomField,
    File,
    Folder,
    Library,
    Marker,
    Performer,
    Studio,
    Tag,
    Video,
)
from apps.playlists.models import Playlist
from apps.playlists.services.items import add_named

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PASSWORD = "correct horse battery staple"

_numbers = itertools.count(1)
_FACTS: dict[str, Any] = {
    "duration_ms": 60_000,
    "width": 1920,
    "height": 1080,
    "container": "mp4",
    "video_codec": "h264",
    "audio_codec": "aac",
    "frame_rate": 25.0,
    "bitrate": 8_000_000,
}


def make_user(role: Role | None = None, *, superuser: bool = False, **values: Any) -> User:
    """A person who can log in with ``PASSWORD``; ``role`` puts them into that role's group and
    into those that it includes."""
    values.setdefault("username", f"user{next(_numbers)}")
    values.setdefault("is_staff", True)
    user = User.objects.create_user(password=PASSWORD, is_superuser=superuser, **values)
    if role:
        user.groups.add(Group.objects.get(name=role.value))
    return user


def make_token(user: User, scope: Scope = Scope.READ, **values: Any) -> tuple[ApiToken, str]:
    """A token row and its secret."""
    return create_token(user, scope=scope, **values)


def make_library(**values: Any) -> Library:
    number = next(_numbers)
    values.setdefault("name", f"Library {number}")
    values.setdefault("root", f"/srv/library{number}")
    return Library.objects.create(**values)


def make_folder(library: Library | None = None, path: bytes = b"", **values: Any) -> Folder:
    """The folder of a library at ``path``, made if it isn't there."""
    key = hashlib.blake2b(path, digest_size=16).digest()
    values = {"path": path, "seen_at": NOON, **values}
    folder, _ = Folder.objects.get_or_create(
        library=library or make_library(), key=key, defaults=values
    )
    return folder


def make_file(path: bytes | None = None, *, library: Library | None = None, **values: Any) -> File:
    """A probed file at ``path``, relative to its library's root."""
    number = next(_numbers)
    path = f"clips/clip{number}.mp4".encode() if path is None else path
    parent, _, name = path.rpartition(b"/")
    library = library or make_library()
    values = {
        "size_bytes": 60_000_000,
        "mtime_ns": 1_700_000_000_000_000_000 + number,
        "inode": number,
        "device": 1,
        "probe_state": ProbeState.DONE,
        "oshash": f"{number:016x}",
        "content": f"{number:032x}",
        **_FACTS,
        **values,
    }
    return File.objects.create(
        library=library, folder=make_folder(library, parent), name=name,
        path=path.decode("utf-8", "backslashreplace"), **values,
    )  # fmt: skip


def make_video(
    title: str = "",
    *,
    library: Library | None = None,
    tags: list[Tag] | None = None,
    performers: list[Performer] | None = None,
    file: File | None = None,
    **values: Any,
) -> Video:
    """A video with a primary file that has the same facts (its columns, where given)."""
    facts = {name: values.get(name, default) for name, default in _FACTS.items()}
    facts["size_bytes"] = values.get("size_bytes", 60_000_000)
    missing_since = values.get("missing_since")
    file = file or make_file(library=library, missing_since=missing_since, **facts)
    values = {
        "title": title or f"Video {next(_numbers)}",
        "path": file.path,
        "orientation": Orientation.LANDSCAPE,
        **facts,
        **values,
    }
    video = Video.objects.create(library=file.library, primary_file=file, **values)
    File.objects.filter(pk=file.pk).update(video=video)
    video.tags.set(tags or [])
    video.performers.set(performers or [])
    video.refresh_from_db()
    return video


def make_tag(name: str = "", *, parents: list[Tag] | None = None, **values: Any) -> Tag:
    tag = Tag.objects.create(name=name or f"Tag {next(_numbers)}", **values)
    tag.parents.set(parents or [])
    return tag


def make_playlist(videos: list[Video] | None = None, **values: Any) -> Playlist:
    """A playlist of somebody, manual if nothing else is said."""
    playlist = Playlist.objects.create(
        **{
            "owner": values.pop("owner", None) or make_user(),
            "name": f"Playlist {next(_numbers)}",
            **values,
        }
    )
    if videos:
        add_named(playlist, [video.pk for video in videos])
        playlist.refresh_from_db()
    return playlist


def make_performer(name: str = "", **values: Any) -> Performer:
    return Performer.objects.create(name=name or f"Performer {next(_numbers)}", **values)


def make_studio(name: str = "", **values: Any) -> Studio:
    return Studio.objects.create(name=name or f"Studio {next(_numbers)}", **values)


def make_marker(video: Video | None = None, **values: Any) -> Marker:
    values.setdefault("start_ms", 5_000)
    return Marker.objects.create(video=video or make_video(), **values)


def make_custom_field(key: str = "", **values: Any) -> CustomField:
    key = key or f"field_{next(_numbers)}"
    return CustomField.objects.create(key=key, label=key.title(), **values)


def make_artifact(video: Video | None = None, **values: Any) -> Artifact:
    """A cover that was made, whose files needn't exist."""
    video = video or make_video()
    kind = values.get("kind", ArtifactKind.COVER)
    values = {
        "kind": kind,
        "state": ArtifactState.MADE,
        "size_bytes": 12_345,
        "parameters": parameters([kind])[kind],
        "made_at": NOON,
        "source": video.primary_file.content if video.primary_file else "",
        "files": {
            size: {"path": f"{video.pk}/cover-{size}.webp", "width": 480, "height": 270, "bytes": 1}
            for size in ("card", "full")
        },
        **values,
    }
    return Artifact.objects.create(video=video, **values)


def make_job(state: JobState = JobState.QUEUED, **values: Any) -> Job:
    now = timezone.now()
    values = {"kind": "library.scan", "queue": Queue.DISK, "unit": "files", **values}
    if state in AT_WORK:
        values.setdefault("lease_until", now + timedelta(minutes=1))
        values.setdefault("started_at", now)
    if state in FINISHED:
        values.setdefault("finished_at", now)
    return Job.objects.create(state=state, **values)
