"""Faces and identities as the API shows them."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import AnyObject
from apps.faces.choices import Band, ChangeKind, Ground, ProposalKind, ProposalState, Verdict
from apps.faces.models import Identity, Proposal, Track
from apps.library.models import Performer


class PersonShape(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class FaceCandidateShape(serializers.Serializer):
    """Somebody known whom a face may be of."""

    performer_id = serializers.IntegerField()
    name = serializers.CharField()
    similarity = serializers.FloatField(help_text="the cosine of the two, up to 1")
    one_in = serializers.FloatField(
        help_text="one of so many strangers would be as alike to anybody who was compared"
    )
    margin = serializers.FloatField(help_text="by which it leads the next")
    ground = serializers.ChoiceField(choices=Ground.choices)
    exemplars = serializers.ListField(
        child=serializers.IntegerField(), help_text="faces of theirs that are most alike"
    )


class FaceSerializer(serializers.Serializer):
    """One person's face through a video, or in a picture of a performer."""

    id = serializers.IntegerField()
    video = serializers.IntegerField(allow_null=True)
    image = serializers.IntegerField(allow_null=True, help_text="the performer's picture")
    start = serializers.FloatField(help_text="seconds")
    end = serializers.FloatField(help_text="seconds")
    times = serializers.ListField(child=serializers.FloatField(), help_text="when it was seen")
    size = serializers.IntegerField(help_text="pixels of the best shot, in the full frame")
    quality = serializers.FloatField()
    identity = serializers.IntegerField(allow_null=True)
    performer = PersonShape(allow_null=True)
    similarity = serializers.FloatField(allow_null=True, help_text="to its identity's middle")
    verdict = serializers.ChoiceField(choices=Verdict.choices, allow_blank=True)
    band = serializers.ChoiceField(choices=Band.choices)
    candidates = FaceCandidateShape(many=True)
    portrait = serializers.CharField(help_text="the address of its picture")

    def to_representation(self, instance: Track) -> dict[str, Any]:
        identity = instance.identity
        return {
            "id": instance.pk,
            "video": instance.video_id,
            "image": instance.image_id,
            "start": instance.start_ms / 1_000,
            "end": instance.end_ms / 1_000,
            "times": [ms / 1_000 for ms in instance.times_ms],
            "size": instance.size_px,
            "quality": instance.quality,
            "identity": instance.identity_id,
            "performer": person_of(identity.performer if identity else None),
            "similarity": instance.similarity,
            "verdict": instance.verdict,
            "band": instance.band,
            "candidates": instance.candidates,
            "portrait": f"/api/v1/faces/{instance.pk}/portrait/",
        }


class IdentitySerializer(serializers.Serializer):
    """One person, named or not."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    performer = PersonShape(allow_null=True)
    ignored = serializers.BooleanField()
    settled = serializers.BooleanField(help_text="a person has spoken: machines only propose")
    merged_into = serializers.IntegerField(allow_null=True)
    faces = serializers.IntegerField()
    videos = serializers.IntegerField()
    confirmed = serializers.IntegerField(help_text="faces that a person confirmed")
    tightness = serializers.FloatField(
        allow_null=True, help_text="how alike its faces are to their middle, up to 1"
    )
    best_face = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField()

    def to_representation(self, instance: Identity) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "name": str(instance),
            "performer": person_of(instance.performer),
            "ignored": instance.ignored,
            "settled": instance.settled,
            "merged_into": instance.merged_into_id,
            "faces": instance.track_count,
            "videos": instance.video_count,
            "confirmed": instance.confirmed_count,
            "tightness": instance.tightness,
            "best_face": instance.best_id,
            "version": instance.version,
        }


class ProposalSerializer(serializers.Serializer):
    """What a regrouping would do if a person had not spoken."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=ProposalKind.choices)
    state = serializers.ChoiceField(choices=ProposalState.choices)
    identity = serializers.IntegerField(allow_null=True)
    other = serializers.IntegerField(allow_null=True)
    faces = serializers.ListField(child=serializers.IntegerField())
    similarity = serializers.FloatField()

    def to_representation(self, instance: Proposal) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "kind": instance.kind,
            "state": instance.state,
            "identity": instance.identity_id,
            "other": instance.other_id,
            "faces": instance.tracks,
            "similarity": instance.similarity,
        }


class FaceChangeShape(serializers.Serializer):
    """What was changed of who is who; `POST audit/{entry}/undo/` takes it back."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=ChangeKind.choices)
    entry = serializers.IntegerField(allow_null=True, help_text="of the audit")
    summary = AnyObject(help_text="counts")


def person_of(performer: Performer | None) -> dict[str, Any] | None:
    return {"id": performer.pk, "name": str(performer)} if performer else None
