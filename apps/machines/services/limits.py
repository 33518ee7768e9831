"""Changing where the limits of a machine are."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.machines.models import Machine
from apps.machines.services import sampling
from apps.machines.services.own import LIMITS


class LimitsRefused(MediaHubError):
    """A machine can't be held to such limits; nothing was written."""

    code = "limits_refused"


@transaction.atomic
def change_limits(
    machine: Machine, values: Mapping[str, Any], *, expected_version: int | None = None
) -> Machine:
    """Change some of ``own.LIMITS``; they hold from the machine's next look at itself.

    Raises LimitsRefused, StaleEdit, RowGone.
    """
    if unknown := sorted(set(values) - set(LIMITS)):
        raise LimitsRefused(f"Machines have no limit called {unknown[0]!r}.")
    wanted = Machine.objects.get(pk=machine.pk)
    for name, value in values.items():
        setattr(wanted, name, value)
    try:
        wanted.full_clean(validate_unique=False)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        named = "" if field == "__all__" else f"{field}: "
        raise LimitsRefused(f"{named}{messages[0]}") from error
    cleaned = {name: getattr(wanted, name) for name in values}
    changed = audit.update(machine, cleaned, expected_version=expected_version)
    sampling.forget()
    return changed
