"""What settings come to, what engines there are, and what grouping anew would change."""

from rest_framework import serializers

from apps.core.api.serializers import AnyObject


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


class PlanShape(serializers.Serializer):
    """What grouping anew would change; what people said stays."""

    splits = serializers.IntegerField()
    merges = serializers.IntegerField()
    assigned = serializers.IntegerField(help_text="faces that would come to an identity")
    taken_back = serializers.IntegerField(help_text="faces that would leave theirs")
    samples = serializers.ListField(child=AnyObject())
