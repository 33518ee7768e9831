"""What a graphics card refuses: there is none here, so ffmpeg's own refusal is the real one."""

import shutil
from pathlib import Path

import pytest
from django.utils import timezone

from apps.ffmpeg.transcoding.abilities import Abilities, Ability
from apps.jobs.models import Job
from apps.jobs.worker import run_next
from apps.library.models import Library
from apps.library.services.scan import scan_library
from apps.machines.models import Machine
from apps.machines.services import inventory, sampling
from apps.transcodes.choices import Outcome
from apps.transcodes.models import Transcode
from apps.transcodes.services.requests import NothingToDo
from apps.transcodes.tasks.asking import request_one
from tests.factories import NOON
from tests.media import media
from tests.transcodes.conftest import Profile, video_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("card", "transactional_db")]
CARD = "GPU-00000000-0000-0000-0000-000000000000"


@pytest.fixture
def library(root: Path, library: Library) -> Library:
    """With a film that is large enough for cards."""
    shutil.copy(media("larger.mp4"), root / "larger.mp4")
    scan_library(library, now=NOON)
    return library


@pytest.fixture
def card(library: Library) -> None:
    """One that passed its trial, and was taken out since."""
    sampling.forget()
    machine = sampling.latest()
    machine.refresh_from_db()
    known = Abilities.from_json(machine.abilities)
    nvenc = Ability(
        "h264_nvenc", "h264", encodes=True, card=CARD, card_name="A card", device="0"
    )  # fmt: skip
    Machine.objects.filter(pk=machine.pk).update(
        abilities=Abilities((nvenc, *known.encoders), known.filters).to_json(),
        cards=[{"id": CARD, "kind": "nvidia", "name": "A card", "index": 0, "device": "0"}],
        examined_at=timezone.now(),
    )
    machine.refresh_from_db()  # the trials still hold: nobody has noticed
    key = inventory._key(machine, inventory._program())
    Machine.objects.filter(pk=machine.pk).update(abilities_key=key)
    sampling.forget()


def test_what_it_refuses_the_processor_does(profile: Profile) -> None:
    _, job = request_one(video_of("larger.mp4"), profile(place="add"))
    assert job.kind == "transcodes.encode_on_card"

    while run_next("gpu"):
        pass
    handed = Transcode.objects.get()
    assert handed.outcome == Outcome.OPEN
    assert Job.objects.get(pk=job.pk).summary == {"handed_over": 1}
    assert handed.job is not None
    assert handed.job.kind == "transcodes.encode"
    Job.objects.filter(kind__startswith="artifacts").delete()
    run_next("cpu")

    done = Transcode.objects.get()
    assert (done.outcome, done.encoder, done.card) == (Outcome.DONE, "libx264", "")
    refused = done.attempts[0]
    assert (refused["encoder"], refused["card"]) == ("h264_nvenc", CARD)
    assert refused["code"] != "unknown"


def test_without_the_processor_it_fails_and_says_why(profile: Profile) -> None:
    made = profile(place="add", cpu_fallback="never")

    request_one(video_of("larger.mp4"), made)
    run_next("gpu")

    failed = Transcode.objects.get()
    assert (failed.outcome, failed.error_code) == (Outcome.FAILED, "no_encoder")
    Machine.objects.update(abilities={"encoders": []}, abilities_key="")
    with pytest.raises(NothingToDo):
        request_one(video_of("xvid.avi"), made)
