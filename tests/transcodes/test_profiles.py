"""Profiles: refused when they can't work, in versions, rolled back; what is shipped."""

import pytest

from apps.transcodes.choices import Place
from apps.transcodes.models import EncodingProfile
from apps.transcodes.services.profiles import (
    ProfileInUse,
    ProfileRefused,
    check_profile,
    create_profile,
    delete_profile,
    edit_profile,
    roll_back,
)
from tests.transcodes.factories import make_profile, make_transcode

pytestmark = pytest.mark.django_db


def test_what_is_shipped_works() -> None:
    shipped = EncodingProfile.objects.exclude(shipped="")

    assert shipped.count() >= 10
    for profile in shipped:
        check_profile(profile)
        assert profile.versions.get().spec == profile.spec
        edit_profile(profile, {"description": "mine"})
        assert profile.versions.count() == 1  # nothing that means something to a file


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"level": "3.0", "max_width": 1920, "max_height": 1080}, "level"),
        ({"rate_control": "bitrate"}, "video_bitrate"),
        ({"container": "webm"}, "video_codec"),
        ({"suffix": ""}, "suffix"),
        ({"suffix": "../x"}, "suffix"),
        ({"place": Place.TREE, "tree": "phone"}, "tree"),
        ({"max_width": -1}, "max_width"),
    ],
)
def test_one_that_cannot_work_is_refused(values: dict[str, object], field: str) -> None:
    with pytest.raises(ProfileRefused) as caught:
        create_profile(EncodingProfile(**{"name": "x", "suffix": ".x"} | values))

    assert field in caught.value.errors
    assert not EncodingProfile.objects.filter(name="x").exists()


def test_an_edit_leaves_what_was_asked_for_alone_and_is_taken_back() -> None:
    profile = make_profile(quality=20)
    asked = make_transcode(profile=profile.versions.get())

    edit_profile(profile, {"quality": 30, "description": "worse"})
    asked.refresh_from_db()

    assert asked.profile.spec.quality == 20
    assert profile.versions.order_by("number").last().spec.quality == 30
    profile.refresh_from_db()
    roll_back(profile, 1)
    profile.refresh_from_db()
    assert (profile.quality, profile.description) == (20, "worse")
    assert profile.versions.count() == 3


def test_one_that_was_used_is_not_deleted() -> None:
    transcode = make_transcode()

    with pytest.raises(ProfileInUse):
        delete_profile(transcode.profile.profile)
    delete_profile(make_profile())
