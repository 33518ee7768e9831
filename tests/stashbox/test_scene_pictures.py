"""What candidates' scenes look like, as the tagger shows it."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from django.urls import reverse
from PIL import Image

from apps.accounts.choices import Role
from apps.stashbox.choices import Source
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.schema import RemoteImage
from apps.stashbox.services import scene_pictures
from apps.stashbox.services.scene_pictures import picture_of
from tests.factories import make_user
from tests.stashbox.factories import make_match, scene
from tests.stashbox.standin import StandIn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kept(tmp_path: Path, settings: Any) -> Iterator[None]:
    """A place of the test's own for what is kept."""
    settings.CACHES = {
        **settings.CACHES,
        "pictures": {**settings.CACHES["pictures"], "LOCATION": str(tmp_path)},
    }
    yield
    caches["pictures"].clear()


def _match(box: StashBox, standin: StandIn, path: str = "/images/one", **values: Any) -> StashMatch:
    standin.data.add_scene(images=[{"id": "one", "width": 1280, "height": 720}])
    address = standin.url.removesuffix("/graphql") + path
    return make_match(box=box, of=scene(images=(RemoteImage(url=address),)), **values)


def _address(match: StashMatch) -> str:
    return reverse("admin:stashbox_stashmatch_picture", args=[match.pk])


def test_is_small_and_fetched_once(box: StashBox, standin: StandIn, browser: Client) -> None:
    match = _match(box, standin)

    answer = browser.get(_address(match))
    standin.data.scenes.clear()
    again = browser.get(_address(match))

    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert "private" in answer["Cache-Control"]
    assert again.content == answer.content
    with Image.open(BytesIO(answer.content)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (640, 360))


@pytest.mark.parametrize("path", ["/odd/bomb.png", "/odd/disguised.png", "/website", "/images/no"])
def test_what_cannot_be_had_is_not_asked_for_at_each_look(
    box: StashBox, standin: StandIn, browser: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = _match(box, standin, path)

    assert browser.get(_address(match)).status_code == 404
    monkeypatch.setattr(scene_pictures, "fetch_anew", pytest.fail)
    assert browser.get(_address(match)).status_code == 404


def test_nothing_is_fetched_from_private_networks_or_for_files_beside_videos(
    box: StashBox, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = _match(box, standin)
    closed.box.allow_private = False
    assert picture_of(closed) is None

    monkeypatch.setattr(scene_pictures, "fetch_anew", pytest.fail)
    assert picture_of(_match(box, standin, source=Source.SIDECAR)) is None
    assert picture_of(make_match(of=scene(), payload={"id": []})) is None
    off = _match(box, standin)
    off.box.enabled = False
    assert picture_of(off) is None


def test_is_shown_to_those_who_may_see_videos(box: StashBox, standin: StandIn) -> None:
    match = _match(box, standin)
    viewer, nobody = Client(), Client()
    viewer.force_login(make_user(Role.VIEWER))
    nobody.force_login(make_user(is_staff=True))

    page = viewer.get(reverse("admin:stashbox_tagger"), {"video": match.video_id})

    assert _address(match) in page.content.decode()
    assert viewer.get(_address(match)).status_code == 200
    assert nobody.get(_address(match)).status_code == 403
    assert viewer.get(_address(match).replace(str(match.pk), "0")).status_code == 404
