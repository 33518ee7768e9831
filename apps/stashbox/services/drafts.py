"""Giving drafts: scenes and performers unknown to a box, for a person to finish there."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from apps.artifacts.choices import ArtifactKind
from apps.artifacts.models import Artifact
from apps.core.errors import Conflict
from apps.library.models import Performer, Video
from apps.library.models.label import Named
from apps.stashbox.choices import Gift, Kind
from apps.stashbox.client import StashBoxClient
from apps.stashbox.models import RemoteLink, StashBox, Submission
from apps.stashbox.services.facts import facts_of
from apps.stashbox.services.submit import check_may_give, seconds_of

_MOST_IMAGE_BYTES = 10_000_000


class AlreadyGiven(Conflict):
    """The very same draft was sent before; nothing was sent."""

    code = "already_given"


@dataclass(frozen=True, slots=True)
class Draft:
    """Exactly what is sent: the fields of the box's input, and the picture's bytes."""

    kind: Gift
    fields: Mapping[str, Any]
    image: bytes | None

    @property
    def digest(self) -> str:
        said = json.dumps(self.fields, sort_keys=True).encode()
        return hashlib.blake2b(said + (self.image or b""), digest_size=16).hexdigest()


def draft_of(row: Video | Performer, box: StashBox) -> Draft:
    """What would be sent of a video or a performer. Raises GivingRefused."""
    return scene_draft(row, box) if isinstance(row, Video) else performer_draft(row, box)


def was_given(draft: Draft, box: StashBox) -> bool:
    """Whether the very same was sent before."""
    rows = Submission.objects.filter(box=box, kind=draft.kind, hash=draft.digest)
    return bool(rows.exists())


def scene_draft(video: Video, box: StashBox) -> Draft:
    """What would be sent of a video: its fields, the names of its labels with their ids there, the
    fingerprints of its files, and its cover. Raises GivingRefused.
    """
    check_may_give(box)
    prints = facts_of([video.pk])[video.pk].prints
    performers, tags = (
        list(rows.order_by("name", "pk")) for rows in (video.performers, video.tags)
    )
    fields = {
        "id": _remote_ids(box, Kind.SCENE, [video]).get(video.pk),
        "title": video.title,
        "details": video.details,
        "date": video.date and video.date.isoformat(),
        "urls": list(video.urls),
        "studio": next(iter(_entities(box, Kind.STUDIO, [video.studio])), None),
        "performers": _entities(box, Kind.PERFORMER, performers),
        "tags": _entities(box, Kind.TAG, tags),
        "fingerprints": [
            {"hash": told.hash, "algorithm": told.algorithm, "duration": seconds_of(told)}
            for told in prints
            if seconds_of(told)
        ],
    }
    return Draft(Gift.SCENE, _said(fields, but=("performers", "fingerprints")), _cover(video))


def performer_draft(performer: Performer, box: StashBox) -> Draft:
    """What would be sent of a performer, with the picture that is shown. Raises GivingRefused."""
    check_may_give(box)
    fields = {
        "id": _remote_ids(box, Kind.PERFORMER, [performer]).get(performer.pk),
        "name": performer.name,
        "disambiguation": performer.disambiguation,
        "aliases": ", ".join(performer.aliases),
        "gender": performer.gender.upper(),
        "birthdate": performer.birth_date and performer.birth_date.isoformat(),
        "deathdate": performer.death_date and performer.death_date.isoformat(),
        "urls": list(performer.urls),
        "ethnicity": performer.ethnicity,
        "country": performer.country,
        "eye_color": performer.eye_color,
        "hair_color": performer.hair_color,
        "height": str(performer.height_cm or ""),
        "measurements": performer.measurements,
        "tattoos": performer.tattoos,
        "piercings": performer.piercings,
        "career_start_year": performer.career_start,
        "career_end_year": performer.career_end,
    }
    picture = performer.images.order_by("position", "pk").first()
    return Draft(Gift.PERFORMER, _said(fields), _stored(picture.image.name) if picture else None)


def give_draft(row: Video | Performer, box: StashBox, *, again: bool = False) -> Submission:
    """Send a draft and keep that it was; the very same only ``again``, which a person may want, for
    a draft lives a day there. Raises GivingRefused, AlreadyGiven, BoxError.
    """
    draft = draft_of(row, box)
    if not again and was_given(draft, box):
        raise AlreadyGiven(f"{box} was given this draft before, and nothing has changed since.")
    with StashBoxClient(box) as client:
        send = (
            client.submit_scene_draft if draft.kind == Gift.SCENE else client.submit_performer_draft
        )
        draft_id = send(dict(draft.fields), draft.image)
    return Submission.objects.create(
        box=box,
        kind=draft.kind,
        remote_id=draft_id,
        hash=draft.digest,
        sent_at=timezone.now(),
        **{str(row._meta.model_name): row},
    )


def _said(fields: Mapping[str, Any], *, but: Iterable[str] = ()) -> dict[str, Any]:
    """What says something; a box takes an empty text for a value."""
    return {name: value for name, value in fields.items() if value or name in but}


def _entities(box: StashBox, kind: Kind, rows: Iterable[Named | None]) -> list[dict[str, str]]:
    there = [row for row in rows if row is not None]
    ids = _remote_ids(box, kind, there)
    return [{"name": row.name, **({"id": ids[row.pk]} if row.pk in ids else {})} for row in there]


def _remote_ids(box: StashBox, kind: Kind, rows: Iterable[Any]) -> dict[int, str]:
    column = "video" if kind == Kind.SCENE else str(kind.value)
    wanted = [row.pk for row in rows]
    links = RemoteLink.objects.filter(box=box, kind=kind, **{f"{column}__in": wanted})
    return dict(links.order_by("-pk").values_list(f"{column}_id", "remote_id")) if wanted else {}


def _cover(video: Video) -> bytes | None:
    cover = Artifact.objects.filter(video=video, kind=ArtifactKind.COVER).first()
    return _stored(cover.storage_path("full")) if cover else None


def _stored(name: str | None) -> bytes | None:
    """A picture of ours; nothing if it is gone, or too large to be one."""
    if not name or not default_storage.exists(name):
        return None
    with default_storage.open(name) as file:
        content = bytes(file.read(_MOST_IMAGE_BYTES + 1))
    return content if len(content) <= _MOST_IMAGE_BYTES else None
