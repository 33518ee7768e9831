"""How a person wants the Browse page."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from apps.browse.models import BrowseSettings
from apps.browse.services.table import check_columns


def settings_of(user: AbstractBaseUser) -> BrowseSettings:
    """What the user chose, else what is usual (an unsaved row)."""
    stored = BrowseSettings.objects.filter(user_id=user.pk).first()
    return stored or BrowseSettings(user_id=user.pk)


def change_settings(user: AbstractBaseUser, values: Mapping[str, Any]) -> BrowseSettings:
    """Change what is named. Raises ColumnUnknown."""
    if "columns" in values:
        check_columns(values["columns"])
    changed, _ = BrowseSettings.objects.update_or_create(user_id=user.pk, defaults=dict(values))
    return changed
