"""FaceLab, as people decide with a keyboard alone, with a mouse, and on a phone."""

import io
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, expect

from apps.faces.choices import Band, Ground, ProposalKind, Verdict
from apps.faces.models import Appearance, Finding, Identity, Proposal, Track
from apps.faces.services.identities import recount
from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.library.models import Performer
from tests.e2e.accessibility import violations
from tests.faces.factories import alike, make_identity, make_track, person, switch_on
from tests.factories import NOON, make_job, make_library, make_performer, make_video

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

_LAB = "/admin/faces/identity/lab/"
_IMAGES = Path(__file__).parent.parent / "faces" / "images"
_SHOTS = os.environ.get("MEDIAHUB_SHOTS", "")
_WAYS = [(1440, False), (390, True)]  # all of them only where they are looked at
OpenPage = Callable[..., Page]


@cache
def _portraits() -> list[bytes]:
    found = []
    for path in sorted(_IMAGES.glob("[a-z]*/*.jpg")):
        with Image.open(path) as image:
            side = min(image.size)
            left = (image.width - side) // 2
            square = image.convert("RGB").crop((left, 0, left + side, side)).resize((160, 160))
        file = io.BytesIO()
        square.save(file, "WEBP")
        found.append(file.getvalue())
    return found


def _someone(number: int, faces: int = 2, **values: Any) -> Identity:
    """An identity with faces that are alike."""
    portraits = _portraits()
    identity = make_identity(middle=person(number), **values)
    video = make_video(f"Video {number:02}")
    for at in range(faces):
        make_track(
            video, identity=identity, vector=alike(person(number), 0.8, number * 100 + at + 1),
            similarity=0.8 - at / 50, portrait=portraits[(number + at) % len(portraits)],
            times_ms=[at * 10_000, at * 10_000 + 1_000],
        )  # fmt: skip
    recount([identity.pk])
    return identity


def _people(number: int) -> list[Identity]:
    """The first one has the most faces."""
    return [_someone(at, 4 if at == 0 else 3 if at == 1 else 2) for at in range(number)]


def _cards(page: Page) -> Any:
    return page.locator("[data-grid] > [data-item]")


def _at(page: Page, identity: Identity) -> Any:
    return page.locator(f'[data-grid] > [data-item="{identity.pk}"]')


def _done(page: Page, words: str) -> None:
    expect(page.locator("[data-said]")).to_have_text(words)


def _look(page: Page, name: str, *, full: bool = False) -> None:
    if _SHOTS:
        page.wait_for_timeout(500)
        page.screenshot(path=f"{_SHOTS}/{name}.png", full_page=full)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_thirty_people_are_named_merged_and_split(open_page: OpenPage) -> None:
    people = _people(30)
    make_performer("Ann Smith")
    page = open_page(_LAB)
    press, say = page.keyboard.press, page.keyboard.type
    expect(_cards(page)).to_have_count(30)

    # named by keys: somebody known, then somebody new
    press("ArrowRight")
    expect(_at(page, people[0]).locator(".fl-link")).to_be_focused()
    press("n")
    say("ann")
    expect(page.get_by_role("option", name="Ann Smith")).to_be_visible()
    press("Enter")
    _done(page, "That is Ann Smith.")
    expect(_cards(page)).to_have_count(29)
    expect(_at(page, people[1]).locator(".fl-link")).to_be_focused()
    press("n")
    say("Berta Stone")
    press("Enter")
    expect(_cards(page)).to_have_count(28)
    assert Performer.objects.get(name="Berta Stone").identity == people[1]

    # merged by a key, by dragging, several at once
    press("ArrowRight")
    press("m")
    say("Ann")
    expect(page.get_by_role("option")).to_have_count(1)
    press("Enter")
    expect(_cards(page)).to_have_count(27)
    people[3].refresh_from_db()
    assert people[3].merged_into_id == people[0].pk
    _at(page, people[5]).drag_to(_at(page, people[2]))
    _done(page, f"Merged Unknown {people[5].pk} into Unknown {people[2].pk}.")
    expect(_at(page, people[2])).to_contain_text("4 faces")
    expect(_cards(page)).to_have_count(26)
    _at(page, people[8]).locator(".fl-pick").click()
    _at(page, people[10]).locator(".fl-link").click(modifiers=["Shift"])
    expect(page.locator("[data-bar-count]")).to_have_text("3 chosen")
    press("m")
    press("Enter")
    expect(_cards(page)).to_have_count(24)
    press("u")
    expect(_cards(page)).to_have_count(26)

    # split by a frame around faces
    _at(page, people[2]).locator(".fl-link").press("Enter")
    expect(page.locator("#fl-who-it-is")).to_have_text(f"Unknown {people[2].pk}")
    expect(_cards(page)).to_have_count(4)
    first, second = (_cards(page).nth(at).bounding_box() for at in (0, 1))
    page.mouse.move(first["x"] + 5, first["y"] + 60)
    page.mouse.down()
    page.mouse.move(second["x"] + 40, second["y"] + 90, steps=4)
    page.mouse.up()
    expect(page.locator("[data-bar-count]")).to_have_text("2 chosen")
    press("s")
    expect(_cards(page)).to_have_count(2)
    people[2].refresh_from_db()
    assert (people[2].track_count, Identity.objects.unnamed().count()) == (2, 27)
    press("u")
    expect(_cards(page)).to_have_count(4)
    press("b")
    expect(_cards(page)).to_have_count(26)


def test_faces_are_decided_about_by_keys(open_page: OpenPage) -> None:
    ann = _someone(1, 6, performer=make_performer("Ann"))
    page = open_page(f"/admin/faces/identity/{ann.pk}/faces/")
    press = page.keyboard.press

    press("ArrowRight")
    press("ArrowRight")
    press("Shift+Space")
    expect(page.locator("[data-bar-count]")).to_have_text("2 chosen")
    press("c")
    expect(page.locator(".mh-state-success")).to_have_count(2)
    press("End")
    press("x")
    expect(_cards(page)).to_have_count(5)
    press("End")
    press("f")
    expect(_cards(page)).to_have_count(4)
    page.get_by_role("button", name="Confirm all 2").click()
    expect(page.locator(".mh-state-success")).to_have_count(4)
    assert Track.objects.filter(identity=ann, verdict=Verdict.CONFIRMED).count() == 4
    assert Track.objects.filter(verdict=Verdict.NOT_A_FACE).count() == 1
    page.get_by_role("button", name="Take the name away").click()
    expect(page.get_by_role("heading", name=f"Unknown {ann.pk}")).to_be_visible()
    press("i")
    expect(page.get_by_text("Ignored: never offered")).to_be_visible()
    press("u")
    expect(page.get_by_text("Ignored: never offered")).to_have_count(0)
    press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press("?")
    press("Home")
    press("Enter")
    page.wait_for_url("**/watch/?t=*")


def test_by_touch(open_page: OpenPage) -> None:
    people = _people(3)
    page = open_page(_LAB, width=390)

    page.get_by_role("button", name="Choose", exact=True).click()
    _at(page, people[1]).locator(".fl-link").click()
    _at(page, people[2]).locator(".fl-link").click()
    expect(page.locator("[data-bar-count]")).to_have_text("2 chosen")
    page.get_by_role("button", name="Ignore").click()
    expect(_cards(page)).to_have_count(1)
    assert Identity.objects.ignored().count() == 2


@pytest.mark.parametrize(("width", "dark"), _WAYS if _SHOTS else _WAYS[:1])
def test_the_pages_are_for_everybody(open_page: OpenPage, width: int, dark: bool) -> None:
    name = f"{width}-{'dark' if dark else 'light'}"
    ann = _known()
    page = open_page(_LAB, width=width, dark=dark)
    _look(page, f"lab-{name}")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("w")
    expect(page.get_by_role("button", name="That is Ann Smith")).to_be_visible()
    _look(page, f"who-{name}")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_role("option", name="Ann Smith")).to_be_visible()
    _look(page, f"name-{name}")
    page.goto(f"{_LAB}?tab=proposals")
    _look(page, f"proposals-{name}")
    page.goto(f"/admin/faces/identity/{ann.pk}/faces/")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("t")
    expect(page.locator("#fl-split > *")).to_have_count(1)
    _look(page, f"person-{name}")
    video = Track.objects.filter(identity=ann).first().video_id  # type: ignore[union-attr]
    page.goto(reverse("admin:faces_video", args=[video]))
    _look(page, f"video-{name}")


def test_what_is_found_comes_by_itself_unless_one_is_at_it(open_page: OpenPage) -> None:
    switch_on(make_library())
    job = make_job(JobState.RUNNING, kind="faces.find", total=2)
    page = open_page(_LAB)
    expect(page.get_by_role("heading", name="Faces are being looked for")).to_be_visible()
    expect(page.locator("#fl-working")).to_contain_text("Find faces")

    _someone(1)
    Job.objects.filter(pk=job.pk).update(done=1)
    expect(_cards(page)).to_have_count(1)
    page.keyboard.press("ArrowRight")
    _someone(2)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.SUCCEEDED, finished_at=NOON, lease_until=None
    )

    offer = page.get_by_role("button", name="Show what was found since")
    expect(offer).to_be_visible()
    expect(_cards(page)).to_have_count(1)
    offer.click()
    expect(_cards(page)).to_have_count(2)


@pytest.mark.parametrize(("width", "dark"), _WAYS if _SHOTS else _WAYS[1:])
def test_the_knobs_are_for_everybody(open_page: OpenPage, width: int, dark: bool) -> None:
    name = f"{width}-{'dark' if dark else 'light'}"
    _known()
    page = open_page("/admin/faces/identity/settings/", width=width, dark=dark)
    page.get_by_role("button", name="Show the preview").click()
    expect(page.locator("[data-tried=preview] svg")).to_be_visible()
    page.get_by_role("button", name="What would a regrouping do?").click()
    expect(page.locator("[data-tried=dry] p")).to_be_visible()
    page.get_by_role("button", name="Compare the engines").click()
    expect(page.locator("[data-tried=engines] table")).to_be_visible()
    _look(page, f"knobs-{name}", full=True)
    page.goto(reverse("admin:faces_wipe_all"))
    _look(page, f"wipe-{name}")


def test_an_empty_page_says_what_it_is(open_page: OpenPage) -> None:
    page = open_page(_LAB)
    expect(page.get_by_text("never leave this machine")).to_be_visible()
    _look(page, "empty")


def _known() -> Identity:
    """Somebody known, with faces confirmed, and others who may be her."""
    switch_on(make_library())
    ann = _someone(1, 8, performer=make_performer("Ann Smith"))
    Track.objects.filter(identity=ann).update(verdict=Verdict.CONFIRMED)
    berta = _someone(2, 6, performer=make_performer("Berta Stone"))
    Track.objects.filter(identity=berta).update(verdict=Verdict.CONFIRMED)
    make_track(identity=ann, similarity=0.2, portrait=_portraits()[5])
    recount([ann.pk, berta.pk])
    strangers = [_someone(number, 3) for number in range(3, 9)]
    like = {
        "performer_id": ann.performer_id, "name": "Ann Smith", "similarity": 0.52,
        "one_in": 42_000, "margin": 0.2, "ground": Ground.LIBRARY, "exemplars": [],
    }  # fmt: skip
    Track.objects.filter(identity=strangers[0]).update(candidates=[like], band=Band.SUGGESTED)
    Identity.objects.filter(pk=strangers[1].pk).update(tightness=0.41)
    Identity.objects.filter(pk=strangers[0].pk).update(tightness=0.83)
    Proposal.objects.create(
        kind=ProposalKind.MERGE, identity=strangers[0], other=ann, similarity=0.61, digest="a"
    )
    tracks = list(Track.objects.filter(identity=berta).values_list("pk", flat=True)[:3])
    Proposal.objects.create(
        kind=ProposalKind.SPLIT, identity=berta, tracks=tracks, similarity=0.5, digest="b"
    )
    video = Track.objects.filter(identity=ann).order_by("pk")[0].video
    assert video is not None
    assert ann.performer is not None
    Finding.objects.create(video=video, content="x", way="y", found_at=NOON, frames=60, faces=20)
    Appearance.objects.create(video=video, performer=ann.performer, linked=True)
    return ann
