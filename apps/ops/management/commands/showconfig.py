"""``manage.py showconfig``: the effective settings and where each came from."""

from typing import Any

from apps.core.commands import MediaHubCommand
from apps.ops.services.status import effective_settings


class Command(MediaHubCommand):
    help = "Print every setting in effect, with its source. Secrets are masked."
    requires_system_checks = ()

    def perform(self, **_options: Any) -> dict[str, Any]:
        return {"settings": effective_settings()}

    def show(self, outcome: dict[str, Any]) -> None:
        found = outcome["settings"]
        width = max(len(setting["name"]) for setting in found)
        for setting in found:
            value = setting["value"]
            text = ",".join(value) if isinstance(value, list) else str(value)
            self.stdout.write(f"{setting['name']:{width}}  {text}  ({setting['source']})")
