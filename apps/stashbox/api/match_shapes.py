"""Candidates, what they would change, and what is decided about them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import AnyObject, StrictSerializer
from apps.stashbox.api.shapes import LARGEST
from apps.stashbox.choices import MatchState, Source
from apps.stashbox.models import IdentifySettings, StashMatch
from apps.stashbox.services.apply import OUTCOMES, FieldChange

_LONGEST_TEXT = 500
FIELDS = [(name, name) for name in IdentifySettings.DEFAULT_POLICIES]


class NamedShape(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class MatchVideoShape(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()


class MatchSerializer(serializers.Serializer):
    """What somebody knows that may be about a video."""

    id = serializers.IntegerField()
    video = MatchVideoShape()
    box = NamedShape(allow_null=True, help_text="none of candidates from elsewhere")
    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]
    remote_id = serializers.CharField(help_text="there; of other sources their address")
    state = serializers.ChoiceField(choices=MatchState.choices)
    score = serializers.IntegerField(min_value=0, max_value=100)
    title = serializers.CharField(help_text="there")
    date = serializers.CharField(help_text="`YYYY`, `YYYY-MM`, `YYYY-MM-DD` or nothing")
    studio = serializers.CharField()
    performers = serializers.ListField(child=serializers.CharField())
    evidence = AnyObject(help_text="why it has its score; its `reasons` are for people")
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.CharField(allow_null=True)
    entry = serializers.IntegerField(allow_null=True, help_text="of the audit: what it changed")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, instance: StashMatch) -> dict[str, Any]:
        scene, box, person = instance.payload, instance.box, instance.decided_by
        cast = [one.get("performer") or {} for one in scene.get("performers") or ()]
        return {
            "id": instance.pk,
            "video": {"id": instance.video_id, "title": instance.video.title},
            "box": {"id": box.pk, "name": box.name} if box else None,
            "source": instance.source,
            "remote_id": instance.remote_id,
            "state": instance.state,
            "score": instance.score,
            "title": scene.get("title") or "",
            "date": scene.get("date") or "",
            "studio": (scene.get("studio") or {}).get("name") or "",
            "performers": [one.get("name") or "" for one in cast],
            "evidence": instance.evidence,
            "decided_at": instance.decided_at,
            "decided_by": person.get_username() if person else None,
            "entry": instance.entry,
            "created_at": instance.created_at,
            "updated_at": instance.updated_at,
        }


class FieldChangeShape(serializers.Serializer):
    field = serializers.CharField()
    old = serializers.JSONField(allow_null=True, help_text="labels by their names")
    new = serializers.JSONField(
        allow_null=True, help_text="of what is `kept` or `ignored` if just that field is taken"
    )
    outcome = serializers.ChoiceField(
        choices=OUTCOMES,
        help_text="what acceptance does with it: `locked` is what a person locked, `kept` what a "
        "person gave or the policy leaves; of what is `unsaid` the candidate says nothing, of what "
        "is `left` nothing that is known here",
    )
    makes = serializers.ListField(
        child=serializers.CharField(), help_text="labels that would be made"
    )
    leaves = serializers.ListField(
        child=serializers.CharField(),
        help_text="labels that aren't known, or of whom several have the name",
    )


class WholeMatchSerializer(MatchSerializer):
    """A candidate with all that was answered about it, and what its acceptance would change."""

    scene = AnyObject(help_text="what was answered")
    differences = FieldChangeShape(many=True)

    def to_representation(self, instance: StashMatch) -> dict[str, Any]:
        changes: Mapping[int, Iterable[FieldChange]] = self.context["differences"]
        return {
            **super().to_representation(instance),
            "scene": instance.payload,
            "differences": [represent_change(one) for one in changes.get(instance.pk, ())],
        }


class ForeseenSampleShape(serializers.Serializer):
    match = serializers.IntegerField()
    video = serializers.IntegerField()
    title = serializers.CharField()
    score = serializers.IntegerField()
    differences = FieldChangeShape(many=True)


class ForeseenShape(serializers.Serializer):
    """What accepting many would do. `fields` and `makes` are of the videos looked at."""

    videos = serializers.IntegerField(help_text="of which a candidate would be accepted")
    candidates = serializers.IntegerField(help_text="that wait with such scores")
    looked_at = serializers.IntegerField(help_text="videos, not all if there are many")
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.IntegerField(), help_text="in how many videos each would change"
    )
    makes = serializers.DictField(
        child=serializers.IntegerField(), help_text="how many labels would be made"
    )
    samples = ForeseenSampleShape(many=True)


class AcceptSerializer(StrictSerializer):
    fields = serializers.ListField(  # type: ignore[assignment]
        child=serializers.ChoiceField(choices=FIELDS), required=False, allow_empty=False,
        help_text="only these; all, if it isn't given",
    )  # fmt: skip


class AcceptManySerializer(StrictSerializer):
    """The best candidates of the videos that wait, from a score on."""

    from_score = serializers.IntegerField(min_value=0, max_value=100)
    box = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Source.choices, required=False
    )
    studio = serializers.CharField(
        required=False, max_length=_LONGEST_TEXT, help_text="its name there"
    )
    dry_run = serializers.BooleanField(default=True, help_text="only say what would change")


class SearchSerializer(StrictSerializer):
    video = serializers.IntegerField(min_value=1, max_value=LARGEST)
    box = serializers.IntegerField(min_value=1, max_value=LARGEST)
    text = serializers.CharField(max_length=_LONGEST_TEXT)


class PasteSerializer(StrictSerializer):
    video = serializers.IntegerField(min_value=1, max_value=LARGEST)
    text = serializers.CharField(max_length=2_000, help_text="a scene's address or id")


class OfVideoSerializer(StrictSerializer):
    video = serializers.IntegerField(min_value=1, max_value=LARGEST)


class LinkPerformerSerializer(StrictSerializer):
    remote_id = serializers.CharField(max_length=100)
    performer = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=LARGEST,
        help_text="who that is here; none makes a new one",
    )  # fmt: skip


def represent_change(change: FieldChange) -> dict[str, Any]:
    return _represent(asdict(change))


def represent_foreseen(foreseen: dict[str, Any]) -> dict[str, Any]:
    samples = [
        {
            **{name: one[name] for name in ("match", "video", "title", "score")},
            "differences": [_represent(change) for change in one["changes"]],
        }
        for one in foreseen["samples"]
    ]
    return {**foreseen, "samples": samples}


def _represent(change: dict[str, Any]) -> dict[str, Any]:
    names = change.pop("names")
    return {**change, "makes": names.get("makes", []), "leaves": names.get("left", [])}
