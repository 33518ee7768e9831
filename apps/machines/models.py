"""The machines on which jobs run: what each has, how it fares, and where its limits are."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.core.models import Timestamped, Versioned
from apps.machines.querysets import MachineQuerySet

_DEGREES = [MinValueValidator(30), MaxValueValidator(110)]
_PERCENT = [MinValueValidator(1), MaxValueValidator(100)]


class Machine(Timestamped, Versioned):
    """A place where workers run; a container counts as a machine of its own.

    People edit the limits, each of which may be left empty for none. All else the machine's own
    processes write (``services.inventory``, ``services.sampling``): ``abilities`` are what its
    encoders really do (``Abilities.to_json``), ``cards`` what it has, ``sample`` how it fares
    (``sampling.Sample``), ``holds`` what is held back because of that (``guard.Held``), ``learnt``
    the numbers of sessions beyond which cards refused more.
    """

    # of jobs.places: it changes with every start, so that a machine is known again by its host
    name = models.CharField(max_length=80, unique=True, editable=False)
    host = models.CharField(max_length=80, editable=False)
    abilities = models.JSONField(default=dict, editable=False)
    abilities_key = models.CharField(max_length=64, blank=True, editable=False)
    examined_at = models.DateTimeField(null=True, editable=False)
    cards = models.JSONField(default=list, editable=False)
    sample = models.JSONField(default=dict, editable=False)
    sampled_at = models.DateTimeField(null=True, editable=False)
    holds = models.JSONField(default=list, editable=False)
    learnt = models.JSONField(default=dict, editable=False)

    gpu_hold_c = models.PositiveSmallIntegerField(
        "hold at", null=True, blank=True, default=83, validators=_DEGREES,
        help_text="°C at which a card gets no more work, or 5 below where it slows itself down",
    )  # fmt: skip
    gpu_resume_c = models.PositiveSmallIntegerField(
        "go on at", default=76, validators=_DEGREES, help_text="°C at which it gets work again"
    )
    gpu_pause_c = models.PositiveSmallIntegerField(
        "pause at", null=True, blank=True, default=90, validators=_DEGREES,
        help_text="°C at which work on it stands still, or 2 below where it slows itself down",
    )  # fmt: skip
    gpu_hold_slowed = models.BooleanField(
        "hold when slowed", default=True,
        help_text="a card that is slowed by heat or want of power gets no more work",
    )  # fmt: skip
    gpu_free_mb = models.PositiveIntegerField(
        "free memory", null=True, blank=True, default=600,
        help_text="MB that have to be free on a card for more work",
    )  # fmt: skip
    gpu_encoder_percent = models.PositiveSmallIntegerField(
        "encoder load", null=True, blank=True, validators=_PERCENT,
        help_text="% at which its encoder gets no more work, whoever keeps it busy",
    )  # fmt: skip
    gpu_sessions = models.PositiveSmallIntegerField(
        "sessions", null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="encoded at once on a card, at most; empty: learnt from what it refuses",
    )  # fmt: skip
    load_per_core = models.FloatField(
        "load", null=True, blank=True, default=8.0, validators=[MinValueValidator(0.1)],
        help_text="processes that want to run, for each core, at which nothing more is started",
    )  # fmt: skip
    memory_percent = models.PositiveSmallIntegerField(
        "free memory", null=True, blank=True, default=5, validators=_PERCENT,
        help_text="% of the machine's memory that have to be available",
    )  # fmt: skip
    disk_reserve_gb = models.PositiveIntegerField(
        "disk reserve", default=5, help_text="GB that stay free wherever files are made"
    )
    hold_on_battery = models.BooleanField(
        "hold on battery", default=True, help_text="start nothing while there is no mains power"
    )
    battery_pause_percent = models.PositiveSmallIntegerField(
        "pause on battery at", null=True, blank=True, default=50, validators=_PERCENT,
        help_text="% of charge at which work stands still until there is mains power again",
    )  # fmt: skip
    settle_seconds = models.PositiveSmallIntegerField(
        "settle", default=60, validators=[MaxValueValidator(3_600)],
        help_text="seconds for which a value has to be good again",
    )  # fmt: skip

    objects = MachineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(gpu_hold_c__isnull=True) | Q(gpu_resume_c__lt=F("gpu_hold_c")),
                name="machines_machine_cools_down",
                violation_error_message="A card must go on at a lower temperature than it is held.",
            ),
            models.CheckConstraint(
                condition=Q(gpu_pause_c__isnull=True) | Q(gpu_resume_c__lt=F("gpu_pause_c")),
                name="machines_machine_cools_off",
                violation_error_message="A card must go on at a lower temperature than it pauses.",
            ),
        ]

    def __str__(self) -> str:
        return self.host
