"""Stash-boxes as people set them up, whether they answer, and how candidates are judged."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.core.models import AuditAction
from apps.core.sealing import seal
from apps.stashbox.choices import FieldPolicy
from apps.stashbox.client import BoxError, Patience, StashBoxClient
from apps.stashbox.models import IdentifySettings, StashBox
from apps.stashbox.schema.values import web_address
from apps.stashbox.services.nightly import set_nightly

_MOST_KEY = 4_000
_SOON = Patience(tries=1, turn_s=5.0, answer_s=15.0)  # somebody waits for it


class BoxRefused(MediaHubError):
    """A stash-box can't be set up so; nothing was written."""

    code = "box_refused"


class IdentifySettingsRefused(MediaHubError):
    """Candidates can't be judged or applied so; nothing was written."""

    code = "identify_settings_refused"


@dataclass(frozen=True, slots=True)
class BoxState:
    """What a test found: ``reason`` is one of ``BoxError``'s, ``user`` is whose key it is."""

    ok: bool
    reason: str = ""
    message: str = ""
    user: str = ""
    version: str = ""


@transaction.atomic
def create_box(box: StashBox, *, api_key: str = "") -> StashBox:
    """Save a new one with its key, which nobody is shown again. Raises BoxRefused."""
    box.sealed_key = _sealed(api_key)
    _check(box)
    return audit.create(box)


@transaction.atomic
def edit_box(
    box: StashBox,
    values: Mapping[str, Any],
    *,
    api_key: str | None = None,
    expected_version: int | None = None,
) -> StashBox:
    """Change one. ``api_key=None`` leaves the key, unless the box is another server now: whoever
    sends it there must know it. Raises BoxRefused, StaleEdit, RowGone.
    """
    stored = StashBox.objects.select_for_update().filter(pk=box.pk).first() or box
    values = {name: value for name, value in values.items() if name != "sealed_key"}
    wanted = copy(stored)
    for name, value in values.items():
        setattr(wanted, name, value)
    _check(wanted)
    if api_key is None and _server(wanted.url) != _server(stored.url):
        api_key = ""
    edited = audit.update(stored, values, expected_version=expected_version)
    if api_key is None or (not api_key and not stored.sealed_key):
        return edited
    return _change_key(edited, _sealed(api_key), counted=edited.version > wanted.version)


@transaction.atomic
def delete_box(box: StashBox, *, expected_version: int | None = None) -> None:
    """Forget one, its candidates and links. The audit does not keep its key. Raises StaleEdit."""
    stored = StashBox.objects.select_for_update().filter(pk=box.pk).first()
    if stored is not None:
        audit.check_version(stored, expected_version)
        StashBox.objects.filter(pk=box.pk).update(sealed_key="")
    audit.delete(box, expected_version=expected_version)


def test_box(box: StashBox) -> BoxState:
    """Whether it answers, who it takes us for, and whether it knows all that is asked of boxes."""
    user = version = ""
    try:
        with StashBoxClient(box, patience=_SOON) as client:
            user = client.me() or ""
            if user:
                version = client.version()
                client.find_scenes([])
    except BoxError as error:
        return BoxState(ok=False, reason=error.reason, message=str(error), user=user)
    if not user:
        message = f"{box} knows nobody by this API key. Enter it again."
        return BoxState(ok=False, reason="unauthorised", message=message)
    message = f"{box} answers and knows the key as {user}'s."
    return BoxState(ok=True, message=message, user=user, version=version)


def in_order(ids: list[int] | None = None) -> list[StashBox]:
    """Enabled boxes, as they are asked; of ``ids`` only, if they are given."""
    boxes = StashBox.objects.filter(enabled=True).order_by("position", "pk")
    return list(boxes if ids is None else boxes.filter(pk__in=ids))


def settings_of_all() -> IdentifySettings:
    """The one row, made when it is first asked for."""
    row, _ = IdentifySettings.objects.get_or_create(pk=1)
    return row


@transaction.atomic
def edit_settings(
    values: Mapping[str, Any],
    *,
    nightly: bool | None = None,
    expected_version: int | None = None,
) -> IdentifySettings:
    """Change them, and whether boxes are asked every night. Raises IdentifySettingsRefused,
    StaleEdit."""
    wanted = settings_of_all()
    for name, value in values.items():
        setattr(wanted, name, value)
    policies = wanted.policies
    if not isinstance(policies, dict) or not set(policies) <= set(wanted.DEFAULT_POLICIES):
        known = ", ".join(wanted.DEFAULT_POLICIES)
        raise IdentifySettingsRefused(f"Policies are for these fields: {known}.")
    if any(policy not in FieldPolicy.values for policy in policies.values()):
        raise IdentifySettingsRefused(f"A policy is one of: {', '.join(FieldPolicy.values)}.")
    _validate(wanted, IdentifySettingsRefused)
    if wanted.review_from > wanted.apply_from:
        raise IdentifySettingsRefused(
            "What is applied unasked must have no smaller a score than what is reviewed."
        )
    if nightly is not None:
        set_nightly(wanted=nightly)
    return audit.update(settings_of_all(), values, expected_version=expected_version)


def _change_key(box: StashBox, sealed: str, *, counted: bool) -> StashBox:
    """Beside the audit's own way: it would keep both keys, if only sealed."""
    changes = {"api_key": (bool(box.sealed_key), "given" if sealed else "forgotten")}
    box.sealed_key, box.updated_at = sealed, timezone.now()
    box.version += 0 if counted else 1
    box.save(update_fields=["sealed_key", "updated_at", "version"])
    audit.record([audit.entry(box, AuditAction.CHANGED, changes)])
    return box


def _sealed(api_key: str) -> str:
    key = api_key.strip()
    if len(key) > _MOST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise BoxRefused("This is no API key: it has letters that none has. Copy it again.")
    return seal(key)


def _check(box: StashBox) -> None:
    _validate(box, BoxRefused)
    if web_address(box.url) != box.url or "#" in box.url:
        raise BoxRefused("url: It must be an address such as https://stashdb.org/graphql.")
    if urlsplit(box.url).scheme == "http" and not box.allow_private:
        raise BoxRefused("url: The key would go there for all to read. Give an address of https.")


def _server(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _validate(row: models.Model, refusal: type[MediaHubError]) -> None:
    try:
        # that a name is taken the database says: a conflict, and no mistake
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        named = "" if field == "__all__" else f"{field.replace('_', ' ')}: "
        raise refusal(f"{named}{messages[0]}") from error
