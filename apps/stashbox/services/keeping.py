"""Keeping candidates: each once, and never over what a person decided."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from apps.stashbox import schema
from apps.stashbox.choices import TAKEN, MatchState, Source
from apps.stashbox.matching import Judgement
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.schema import RemoteScene
from apps.stashbox.services.holding import hold_videos

DECIDED = frozenset({*TAKEN, MatchState.REJECTED})

Candidate = tuple[StashBox | None, Source, RemoteScene, Judgement, MatchState]
_Key = tuple[int, int | None, str]
_MOST_ID = 500


@transaction.atomic
def keep(candidates: Mapping[int, Sequence[Candidate]]) -> list[StashMatch]:
    """Write candidates of videos, by the videos' ids; their rows, in the order given.

    What was applied, accepted or rejected stays as it is. Of what is known already the evidence is
    renewed; only what waits for review takes another state. One that shall be applied waits for
    review until it is: see ``apply_matches``. Candidates of videos that are gone are left out.
    Six statements at most, for however many.
    """
    there = hold_videos(candidates.keys())
    known = StashMatch.objects.select_for_update().filter(video__in=there)
    kept = {_key(row): row for row in known.order_by("pk")}
    new: dict[_Key, StashMatch] = {}
    changed: dict[_Key, StashMatch] = {}
    wanted: list[_Key] = []
    for video in there:
        for candidate in candidates[video]:
            box, _, scene, _, _ = candidate
            key = (video, box.pk if box else None, scene.id[:_MOST_ID])
            wanted.append(key)
            if key not in kept:
                kept[key] = new[key] = StashMatch(video_id=video, box=box, remote_id=key[2])
                _fill(kept[key], candidate)
            elif kept[key].state not in DECIDED:
                changed[key] = kept[key]
                _fill(kept[key], candidate)
    StashMatch.objects.bulk_create(new.values())
    if changed:
        fields = ["source", "state", "score", "evidence", "payload", "updated_at"]
        StashMatch.objects.bulk_update(changed.values(), fields)
    return [kept[key] for key in dict.fromkeys(wanted)]


def _key(row: StashMatch) -> _Key:
    return row.video_id, row.box_id, row.remote_id


def _fill(row: StashMatch, candidate: Candidate) -> None:
    box, source, scene, judgement, state = candidate
    if box is not None:
        row.box = box  # not to be fetched again
    if row.source != Source.FINGERPRINT or not row.pk:
        row.source = source
    if row.state == MatchState.REVIEW:
        row.state = MatchState.REVIEW if state == MatchState.APPLIED else state
    row.score, row.evidence, row.payload = judgement.score, judgement.evidence, _payload(scene)
    row.updated_at = timezone.now()


def _payload(scene: RemoteScene) -> dict[str, object]:
    return dict(schema.as_json(scene))
