"""What settings come to, what engines there are, and what grouping anew would change."""

from rest_framework import serializers


class LevelShape(serializers.Serializer):
    threshold = serializers.FloatField(help_text="likeness from which on a name is given")
    precision = serializers.FloatField(allow_null=True, help_text="of the names given, the right")
    recall = serializers.FloatField(allow_null=True, help_text="of the faces, those that get it")


class PreviewShape(LevelShape):
    """How well settings tell your confirmed faces apart; above are names that are given unasked."""

    engine = serializers.CharField()
    faces = serializers.IntegerField()
    people = serializers.IntegerField()
    edges = serializers.ListField(
        child=serializers.FloatField(), help_text="of the bins; one more than those"
    )
    same = serializers.ListField(
        child=serializers.IntegerField(), help_text="pairs of one person by likeness"
    )
    different = serializers.ListField(
        child=serializers.IntegerField(), help_text="pairs of two people by likeness"
    )
    suggested = LevelShape(help_text="the same of names that are suggested")


class ComparedShape(serializers.Serializer):
    """How well an engine names your confirmed faces."""

    engine = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    faces = serializers.IntegerField()
    precision = serializers.FloatField(allow_null=True)
    recall = serializers.FloatField(allow_null=True)


class EngineShape(serializers.Serializer):
    """What can find and compare faces here."""

    id = serializers.CharField()
    ok = serializers.BooleanField()
    detail = serializers.CharField(help_text="why not")
    device = serializers.CharField(help_text="what it runs on")


class RegroupSampleShape(serializers.Serializer):
    """Faces that would go the same way."""

    source = serializers.IntegerField(  # type: ignore[assignment]
        allow_null=True, help_text="the identity; `null`: nobody"
    )
    target = serializers.IntegerField(allow_null=True, help_text="the identity; `null`: nobody")
    new = serializers.BooleanField(help_text="the target is somebody new")
    faces = serializers.IntegerField()
    tracks = serializers.ListField(child=serializers.IntegerField(), help_text="some of the faces")


class RegroupPlanShape(serializers.Serializer):
    """What grouping anew would change; what people said stays."""

    faces = serializers.IntegerField(help_text="that are looked at")
    splits = serializers.IntegerField(help_text="identities that would fall apart")
    merges = serializers.IntegerField(help_text="identities that would become one with others")
    assigned = serializers.IntegerField(help_text="faces that would get an identity")
    moved = serializers.IntegerField(help_text="faces that would get another")
    taken_back = serializers.IntegerField(help_text="faces that would lose theirs")
    started = serializers.IntegerField(help_text="new identities")
    proposals = serializers.IntegerField(help_text="left to people, who have spoken there")
    join = serializers.FloatField(help_text="likeness from which on faces are one person")
    merge = serializers.FloatField(help_text="likeness from which on groups are one person")
    samples = RegroupSampleShape(many=True)
