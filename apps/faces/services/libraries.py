"""In which libraries faces are looked for, and how."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.faces.models import FaceLibrary, FaceSettings
from apps.faces.services.settings import settings_of_all
from apps.faces.signals import library_switched, settings_changed
from apps.library.models import Library


class FaceSettingsRefused(MediaHubError):
    """Faces can't be looked for so; nothing was written."""

    code = "face_settings_refused"


@transaction.atomic
def edit_library(
    library: Library,
    *,
    enabled: bool | None = None,
    apply_names: bool | None = None,
    expected_version: int | None = None,
) -> FaceLibrary:
    """Switch faces on or off in a library, and whether names are put on its videos.

    Switched off, nothing is looked for any more, but what is known stays until it is wiped
    (``services.wipe``). Raises StaleEdit.
    """
    row = FaceLibrary.objects.select_for_update().filter(library=library).first()
    values = {"enabled": enabled, "apply_names": apply_names}
    wanted = {name: value for name, value in values.items() if value is not None}
    if row is None:
        audit.check_version(FaceLibrary(library=library), expected_version)
        row = audit.create(FaceLibrary(library=library, **wanted))
    else:
        row = audit.update(row, wanted, expected_version=expected_version)
    told = {"library_id": library.pk, "enabled": row.enabled}
    transaction.on_commit(lambda: library_switched.send_robust(sender=FaceLibrary, **told))
    return row


@transaction.atomic
def edit_settings(
    values: Mapping[str, Any], *, expected_version: int | None = None
) -> FaceSettings:  # fmt: skip
    """Change how faces are found, grouped and named. Raises FaceSettingsRefused, StaleEdit."""
    known = {field.name for field in FaceSettings._meta.fields if field.editable}
    known -= {"id", "locked_fields"}
    if unknown := sorted(set(values) - known):
        raise FaceSettingsRefused(f"There is no setting of faces called {unknown[0]!r}.")
    wanted = settings_of_all()
    for name, value in values.items():
        setattr(wanted, name, value)
    try:
        wanted.full_clean(validate_unique=False)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        named = "" if field == "__all__" else f"{field.replace('_', ' ')}: "
        raise FaceSettingsRefused(f"{named}{messages[0]}") from error
    before = settings_of_all()
    cleaned = {name: getattr(wanted, name) for name in values}
    row = audit.update(before, cleaned, expected_version=expected_version)
    if fields := [name for name in cleaned if getattr(before, name) != getattr(row, name)]:
        transaction.on_commit(
            lambda: settings_changed.send_robust(sender=FaceSettings, fields=fields)
        )
    return row
