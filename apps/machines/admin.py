"""The machines in the admin: a list, and a page of each."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin import ReadOnlyAdmin
from apps.core.admin.base import column
from apps.core.units import say_ago
from apps.machines.models import Machine
from apps.machines.pages.machine import MachinePage
from apps.machines.pages.views import PICTURES, machine_view


@admin.register(Machine)
class MachineAdmin(ReadOnlyAdmin):
    """Machines enter themselves."""

    pages = (MachinePage,)
    list_display = ["named", "state", "card_names", "encodes", "seen"]
    list_display_links = None
    ordering = ["host", "pk"]
    empty_title = "No machine yet"
    empty_text = "A machine enters itself when MediaHub's workers or its scheduler run there."

    @column("machine", ordering="host")
    def named(self, machine: Machine) -> SafeString:
        address = reverse("admin:machines_machine_change", args=[machine.pk])
        return format_html('<a class="mh-link" href="{}">{}</a>', address, machine.host)

    @column("state")
    def state(self, machine: Machine) -> SafeString:
        view = machine_view(machine, now=timezone.now())
        told = '<span class="mh-state mh-state-{}">{}</span>'
        return format_html(told, view.variant, view.state)

    @column("graphics cards")
    def card_names(self, machine: Machine) -> str:
        return ", ".join(card["name"] or card["id"] for card in machine.cards) or "none"

    @column("encodes")
    def encodes(self, machine: Machine) -> str:
        tried = machine.abilities.get("encoders", ())
        works = {each["codec"] for each in tried if each["encodes"]}
        return ", ".join(c for c in PICTURES if c in works) or "not tried yet"

    @column("looked at", ordering="sampled_at")
    def seen(self, machine: Machine) -> str:
        return say_ago(machine.sampled_at, now=timezone.now())

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}
