"""``manage.py doctor``: what MediaHub needs, what it found here, and why."""

from typing import Any

from apps.core.commands import MediaHubCommand
from apps.ops.services.health import check_health
from apps.ops.services.programs import examine_programs


class Command(MediaHubCommand):
    help = "Examine this installation. Exit status 1 if something that is required is amiss."
    requires_system_checks = ()
    requires_migrations_checks = False

    def perform(self, **_options: Any) -> dict[str, Any]:
        return {**check_health().as_json(), **examine_programs()}

    def show(self, outcome: dict[str, Any]) -> None:
        self.stdout.write("Checks")
        for name, check in outcome["checks"].items():
            mark = "ok" if check["ok"] else ("FAILED" if check["required"] else "amiss")
            self.stdout.write(f"  {mark:7} {name:12} {check['detail']} ({check['ms']:g} ms)")
        self.stdout.write("Programs")
        for candidate in outcome["candidates"]:
            mark = "used" if candidate["taken"] else "-"
            place = f"{candidate['source']} {candidate['path']}".strip()
            self.stdout.write(f"  {mark:7} {candidate['name']:12} {place}: {candidate['reason']}")
        self.stdout.write("Encoders")
        for trial in outcome["encoders"]:
            mark = "ok" if trial["encodes"] else "-"
            reason = trial["reason"] or _decoded(trial)
            self.stdout.write(f"  {mark:7} {trial['encoder']:12} {reason}")

    def failure(self, outcome: dict[str, Any]) -> str:
        if outcome["status"] != "unready":
            return ""
        failed = [n for n, c in outcome["checks"].items() if c["required"] and not c["ok"]]
        return f"Something that is required is amiss: {', '.join(failed)}."


def _decoded(trial: dict[str, Any]) -> str:
    readers = {"ffmpeg": trial["ffmpeg_decodes"], "PyAV": trial["pyav_decodes"]}
    able = [name for name, decodes in readers.items() if decodes]
    return f"{trial['codec']}, decoded by {' and '.join(able) or 'neither ffmpeg nor PyAV'}"
