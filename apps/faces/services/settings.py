"""How faces are found, grouped and named."""

from apps.faces.models import FaceSettings


def settings_of_all() -> FaceSettings:
    """The one row, made when it is first asked for."""
    row, _ = FaceSettings.objects.get_or_create(pk=1)
    return row
