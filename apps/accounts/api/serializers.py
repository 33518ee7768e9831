from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from apps.accounts.models import ApiToken
from apps.core.api.serializers import RowSerializer


class TokenSerializer(RowSerializer):
    """A token, without its secret."""

    class Meta:
        model = ApiToken
        fields = [
            "id", "name", "prefix", "scope", "created_at", "expires_at", "revoked_at",
            "last_used_at",
        ]  # fmt: skip
        read_only_fields = ["id", "prefix", "created_at", "revoked_at", "last_used_at"]

    def validate_expires_at(self, value: object) -> object:
        if value is not None and value <= timezone.now():  # type: ignore[operator]
            raise ValidationError("This time has passed.")
        return value


class NewTokenSerializer(TokenSerializer):
    """A token just made: the only time that its secret is shown."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
