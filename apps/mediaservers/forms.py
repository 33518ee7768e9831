"""What people type about media servers."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from apps.core.forms import AuditedForm, LinesField
from apps.mediaservers import mapping
from apps.mediaservers.models import MediaServer
from apps.mediaservers.services.servers import MediaServerRefused, check_server, check_token

_ARROW = "=>"
_LONGEST_TOKEN = 1_000


class PathMapField(LinesField):
    """One rule on each line: a folder here, an arrow, the same folder at the server."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(f"{each['here']} {_ARROW} {each['there']}" for each in value)
        return value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        lines = [line.strip() for line in (value or "").splitlines() if line.strip()]
        parts = [line.partition(_ARROW) for line in lines]
        return [{"here": here.strip(), "there": there.strip()} for here, _, there in parts]

    def clean(self, value: Any) -> Any:
        try:
            return mapping.cleaned(self.to_python(value))
        except mapping.MapRefused as error:
            raise ValidationError(str(error)) from error


class MediaServerForm(AuditedForm):
    """The token is typed but never shown: the form only says whether there is one."""

    token = forms.CharField(
        required=False, max_length=_LONGEST_TOKEN, strip=True,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    forget_token = forms.BooleanField(
        required=False, label="Forget the token", widget=UnfoldBooleanSwitchWidget
    )
    path_map = PathMapField(
        required=False, rows=4, label="Path map",
        help_text="One rule on each line, such as /srv/films => /media/films: a folder here, and "
        "what the server calls it. The longest that fits counts. None: paths are the same there.",
    )  # fmt: skip

    class Meta:
        model = MediaServer
        fields = (
            "name", "kind", "url", "path_map", "libraries", "enabled", "tell_scans", "confirm",
            "allow_private",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = bool(self.instance.sealed_token)
        if "token" in self.fields:
            self.fields["token"].help_text = (
                "There is a token. It stays unless you type another, or give another server's "
                "address; it is never shown."
                if kept
                else "Jellyfin and Emby: an API key of the dashboard. Plex: the X-Plex-Token of "
                "the server's owner. It is kept encrypted and never shown again."
            )
        if "forget_token" in self.fields and not kept:
            self.fields["forget_token"].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("token") and cleaned.get("forget_token"):
            self.add_error("forget_token", "Either type a token or let it be forgotten.")
        return cleaned

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"]
        try:
            check_token(token)
        except MediaServerRefused as error:
            raise ValidationError(str(error)) from error
        return token

    def _post_clean(self) -> None:
        """What the service would refuse is told while what was typed is still there."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            check_server(self.instance)
        except MediaServerRefused as error:
            field, colon, message = str(error).partition(": ")
            known = bool(colon) and field in self.fields
            self.add_error(field if known else None, message if known else str(error))

    @property
    def new_token(self) -> str | None:
        """The token to keep from now on: none to leave it as it is."""
        if self.cleaned_data.get("forget_token"):
            return ""
        return self.cleaned_data.get("token") or None
