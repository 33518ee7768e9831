"""Profiles: refused when they can't work, kept in versions, rolled back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError

from apps.core import audit
from apps.core.errors import Conflict, MediaHubError
from apps.ffmpeg.transcoding.faults import find_faults
from apps.ffmpeg.transcoding.spec import Spec
from apps.transcodes.choices import Place
from apps.transcodes.models import EncodingProfile, ProfileVersion

PLACING = ("place", "suffix", "tree", "hard_links", "tell_servers")
SPEC_FIELDS = tuple(field.name for field in fields(Spec))
KEPT = ("name", *SPEC_FIELDS, *PLACING)


class ProfileRefused(MediaHubError):
    """A profile can't work; ``errors`` says by field why, and what would."""

    code = "profile_refused"

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        self.errors = dict(errors)
        self.details = {"errors": self.errors}
        super().__init__(" ".join(said for many in self.errors.values() for said in many))


class ProfileInUse(Conflict):
    """Transcodes or rules hold on to the profile; nothing was changed."""

    code = "profile_in_use"


class NoSuchVersion(MediaHubError):
    """The profile never had this version; nothing was changed."""

    code = "no_such_version"
    status = 404


def check_profile(profile: EncodingProfile) -> None:
    """Raises ProfileRefused."""
    errors: dict[str, list[str]] = {}
    try:
        profile.clean_fields(exclude=["id"])
    except ValidationError as error:
        errors = dict(error.message_dict)
    if not set(errors) & set(SPEC_FIELDS):
        for fault in find_faults(profile.spec):
            errors.setdefault(fault.field, []).append(fault.message)
    for name, message in _faults_of_place(profile):
        errors.setdefault(name, []).append(message)
    if errors:
        raise ProfileRefused(errors)


@transaction.atomic
def create_profile(profile: EncodingProfile) -> EncodingProfile:
    """Save a new profile and its first version. Raises ProfileRefused."""
    check_profile(profile)
    made = audit.create(profile)
    version_of(made)
    return made


@transaction.atomic
def edit_profile(
    profile: EncodingProfile, values: Mapping[str, Any], *, expected_version: int | None = None
) -> EncodingProfile:
    """Change a profile; transcodes that were asked for keep the version that they have.

    Raises ProfileRefused, StaleEdit.
    """
    changed = EncodingProfile.objects.get(pk=profile.pk)
    for name, value in values.items():
        setattr(changed, name, value)
    check_profile(changed)
    edited = audit.update(profile, values, expected_version=expected_version)
    version_of(edited)
    return edited


def roll_back(
    profile: EncodingProfile, number: int, *, expected_version: int | None = None
) -> EncodingProfile:
    """Give a profile the values of one of its versions. Raises NoSuchVersion, ProfileRefused."""
    version = profile.versions.filter(number=number).first()
    if version is None:
        raise NoSuchVersion(f"{profile} has no version {number}.")
    values = {name: version.values[name] for name in KEPT if name in version.values}
    return edit_profile(profile, values, expected_version=expected_version)


@transaction.atomic
def delete_profile(profile: EncodingProfile, *, expected_version: int | None = None) -> None:
    """Delete a profile that nothing was made with. Raises ProfileInUse, StaleEdit."""
    try:
        audit.delete(profile, expected_version=expected_version)
    except ProtectedError:
        raise ProfileInUse(
            f"Transcodes or rules use {profile}: switch it off instead of deleting it."
        ) from None


def version_of(profile: EncodingProfile) -> ProfileVersion:
    """The version that a profile's present values are; made if they are new."""
    values = {name: audit.plain(getattr(profile, name)) for name in KEPT}
    last: ProfileVersion | None = profile.versions.order_by("-number").first()
    if last and last.values == values:
        return last
    return ProfileVersion.objects.create(
        profile=profile, number=last.number + 1 if last else 1, values=values
    )


def _faults_of_place(profile: EncodingProfile) -> list[tuple[str, str]]:
    found = []
    if profile.place in (Place.ADD, Place.BESIDE) and not profile.suffix.strip():
        found.append(("suffix", "Files beside their source need a suffix, such as “ (cast)”."))
    if "/" in profile.suffix or "\0" in profile.suffix or len(profile.suffix.encode()) > 100:
        found.append(("suffix", "A suffix is part of a file's name: short, and without slashes."))
    if profile.place == Place.TREE and not profile.tree.startswith("/"):
        found.append(("tree", "Name the other folder by its absolute path."))
    if "\0" in profile.tree:
        found.append(("tree", "A path holds no zero bytes."))
    return found
