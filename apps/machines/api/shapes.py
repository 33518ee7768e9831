"""Machines as the API shows them."""

from dataclasses import fields
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api.serializers import RowSerializer
from apps.core.nvml import CardReading
from apps.machines.guard import Held, Level
from apps.machines.models import Machine
from apps.machines.services.gates import holds_of
from apps.machines.services.own import LIMITS
from apps.machines.services.state import CardNow, cards_now


class HoldShape(serializers.Serializer):
    """What is held back: by which rule, since when, until what."""

    rule = serializers.CharField(help_text="such as `temperature`")
    card = serializers.CharField(help_text="the card's id; empty: the whole machine")
    pauses = serializers.BooleanField(
        help_text="whether work under way stands still, too; else only nothing new is started"
    )
    value = serializers.FloatField(allow_null=True)
    limit = serializers.FloatField(help_text="which it has reached")
    resume_at = serializers.FloatField(help_text="where it goes on")
    unit = serializers.CharField()
    since = serializers.FloatField(help_text="seconds since 1970")
    text = serializers.CharField(help_text="the same for people")
    resumes = serializers.CharField()


class CardShape(serializers.Serializer):
    """A graphics card now; null: it doesn't say."""

    id = serializers.CharField(help_text="the same over restarts")
    kind = serializers.CharField(help_text="`nvidia`, or the kernel's driver")
    name = serializers.CharField()
    lost = serializers.BooleanField()
    temperature_c = serializers.IntegerField(allow_null=True)
    slowdown_c = serializers.IntegerField(
        allow_null=True, help_text="where the card slows itself down"
    )
    memory_bytes = serializers.IntegerField(allow_null=True)
    memory_free_bytes = serializers.IntegerField(allow_null=True)
    gpu_percent = serializers.IntegerField(allow_null=True)
    encoder_percent = serializers.IntegerField(allow_null=True)
    decoder_percent = serializers.IntegerField(allow_null=True)
    encoder_sessions = serializers.IntegerField(allow_null=True, help_text="those of all programs")
    session_limit = serializers.IntegerField()
    power_w = serializers.FloatField(allow_null=True)
    power_limit_w = serializers.FloatField(allow_null=True)
    slowed = serializers.ListField(child=serializers.CharField(), allow_null=True)
    is_divided = serializers.BooleanField(allow_null=True, help_text="by MIG")


class HostShape(serializers.Serializer):
    cores = serializers.IntegerField()
    load_per_core = serializers.FloatField(allow_null=True)
    memory_bytes = serializers.IntegerField(allow_null=True)
    memory_available_bytes = serializers.IntegerField(allow_null=True)
    on_battery = serializers.BooleanField(allow_null=True, help_text="null: it has none")
    battery_percent = serializers.FloatField(allow_null=True)
    disk_free_bytes = serializers.IntegerField(
        allow_null=True, help_text="where MediaHub keeps its own files"
    )


class EncoderShape(serializers.Serializer):
    """An encoder as it was tried on a card, or on the processor (no card)."""

    encoder = serializers.CharField()
    codec = serializers.CharField()
    card = serializers.CharField()
    card_name = serializers.CharField()
    encodes = serializers.BooleanField()
    reason = serializers.CharField(help_text="why it doesn't")
    decoder = serializers.CharField(help_text="the card's decoder that goes with it")
    ten_bit = serializers.BooleanField()
    reduced = serializers.BooleanField(help_text="only without what older cards lack")


class MachineSerializer(RowSerializer):
    """A place where workers run. Limits that are null hold nothing back."""

    host = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True, help_text="changes with every start")
    seen_at = serializers.DateTimeField(source="sampled_at", read_only=True)
    driver = serializers.SerializerMethodField(help_text="NVIDIA's")
    trouble = serializers.SerializerMethodField(help_text="why that doesn't answer")
    ffmpeg = serializers.SerializerMethodField()
    how = serializers.SerializerMethodField(help_text="null: not looked at yet")
    cards = serializers.SerializerMethodField()
    encoders = serializers.SerializerMethodField()
    holds = serializers.SerializerMethodField()

    class Meta:
        model = Machine
        fields = [
            "id", "host", "name", "seen_at", "examined_at", "driver", "trouble", "ffmpeg", "how",
            "cards", "encoders", "holds", *LIMITS, "version",
        ]  # fmt: skip
        read_only_fields = ["examined_at", "version"]

    def get_driver(self, machine: Machine) -> str:
        return str(machine.sample.get("driver", ""))

    def get_trouble(self, machine: Machine) -> str:
        return str(machine.sample.get("trouble", ""))

    def get_ffmpeg(self, machine: Machine) -> str:
        return str(machine.abilities.get("ffmpeg", ""))

    @extend_schema_field(HostShape(allow_null=True))
    def get_how(self, machine: Machine) -> Any:
        return machine.sample.get("host")

    @extend_schema_field(CardShape(many=True))
    def get_cards(self, machine: Machine) -> Any:
        return [_card(card) for card in cards_now(machine)]

    @extend_schema_field(EncoderShape(many=True))
    def get_encoders(self, machine: Machine) -> Any:
        return EncoderShape(machine.abilities.get("encoders", ()), many=True).data

    @extend_schema_field(HoldShape(many=True))
    def get_holds(self, machine: Machine) -> Any:
        return [_hold(each) for each in holds_of(machine)]


def _names(shape: type[serializers.Serializer]) -> set[str]:
    return {str(name) for name in shape().fields}


def _card(card: CardNow) -> dict[str, Any]:
    said = {name: getattr(card.reading, name) for name in _OF_READINGS}
    own = {"id": card.id, "kind": card.kind, "name": card.name}
    return {**said, **own, "session_limit": card.session_limit}


def _hold(held: Held) -> dict[str, Any]:
    values = {name: getattr(held, name) for name in _OF_HOLDS}
    return {**values, "pauses": held.level == Level.PAUSE}


_OF_READINGS = [field.name for field in fields(CardReading) if field.name in _names(CardShape)]
_OF_HOLDS = [field.name for field in fields(Held) if field.name in _names(HoldShape)]
