"""``manage.py transcode PROFILE``: videos get another form, or what that would come to."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from apps.core.commands import MediaHubCommand
from apps.core.errors import MediaHubError
from apps.jobs.services.follow import follow
from apps.machines.services import inventory
from apps.transcodes.choices import Place
from apps.transcodes.models import EncodingProfile
from apps.transcodes.services.requests import Wish, foresee
from apps.transcodes.tasks.asking import chosen, request_many


class NoProfile(MediaHubError):
    """No profile has this number, name or shipped name."""

    code = "no_profile"


class Command(MediaHubCommand):
    help = (
        "Transcode videos that don't comply with a PROFILE (number, name, or a shipped one's such "
        "as chromecast-3). Without --apply it only says what that would come to."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("profile", metavar="PROFILE")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--q", default="", metavar="QUERY", help="which videos (all)")
        which.add_argument("--video", type=int, nargs="+", metavar="ID", help="just these")
        parser.add_argument("--place", choices=Place.values, default="", help="else the profile's")
        parser.add_argument("--again", action="store_true", help="also what was tried before")
        parser.add_argument("--apply", action="store_true", help="transcode them, a job each")
        parser.add_argument("--wait", action="store_true", help="follow the jobs to their end")

    def perform(  # type: ignore[override]
        self, *, profile: str, q: str, video: list[int] | None, place: str, again: bool,
        **options: Any,
    ) -> dict[str, Any]:  # fmt: skip
        found = find_profile(profile)
        which: dict[str, Any] = {"q": q, "ids": video}
        if not options["apply"]:
            wish = Wish.of(found, inventory.all_abilities(), place=place)
            return asdict(foresee(chosen(**which), wish, again=again, report=self.report))
        job = request_many(found, **which, place=place, again=again)
        if options["wait"]:
            job = follow(job, report=self.report)
        return {
            "job": job.pk, "state": job.state, "failure": job.error_message, **job.summary
        }  # fmt: skip

    def show(self, outcome: dict[str, Any]) -> None:
        if "job" in outcome:
            self.stdout.write(f"Job {outcome['job']} {outcome['state']}")
            return
        for sample in outcome["samples"]:
            self.stdout.write(f"{sample['path']}\n  {sample['deed']}: {sample['reason']}")
        deeds = ", ".join(f"{number:,} {deed}" for deed, number in outcome["by_deed"].items())
        self.stdout.write(
            f"{outcome['videos']:,} videos: {deeds or 'none'}; "
            f"{outcome['source_bytes'] / 1e9:.1f} GB would become "
            f"{outcome['foreseen_bytes'] / 1e9:.1f} GB in about "
            f"{outcome['foreseen_s'] / 3_600:.1f} h of work"
        )

    def failure(self, outcome: dict[str, Any]) -> str:
        return f"Failed: {outcome['failure']}" if outcome.get("state") == "failed" else ""


def find_profile(named: str) -> EncodingProfile:
    """Raises NoProfile."""
    profiles = EncodingProfile.objects.order_by("pk")
    found: EncodingProfile | None = profiles.filter(shipped=named).exclude(shipped="").first()
    found = found or profiles.filter(name=named).first()
    if found is None and named.isascii() and named.isdecimal() and len(named) < 19:
        found = profiles.filter(pk=int(named)).first()
    if found is None:
        known = ", ".join(profiles.values_list("name", flat=True)[:20])
        raise NoProfile(f"There is no profile {named!r}. Known: {known}.")
    return found
