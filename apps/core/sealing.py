"""Keeping secrets of other servers in the database, so that a copy of it tells none of them."""

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from apps.core.errors import MediaHubError

_PURPOSE = b"mediahub.sealing.1"


class Unsealable(MediaHubError):
    """A secret was sealed under another SECRET_KEY, or was damaged."""

    code = "unsealable"
    status = 409


def seal(text: str) -> str:
    """What only this installation's SECRET_KEY opens again; nothing stays nothing."""
    return _cipher(settings.SECRET_KEY).encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """What was sealed. Raises Unsealable."""
    if not sealed:
        return ""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return _cipher(secret).decrypt(sealed.encode()).decode()
        except InvalidToken:
            continue
    raise Unsealable(
        "A saved key can't be read, for MediaHub's own secret key is another now. Enter it again."
    )


@lru_cache(maxsize=8)
def _cipher(secret: str) -> Fernet:
    # the secret signs sessions, too: what is derived for one use tells nothing of the other
    derived = hmac.new(secret.encode(), _PURPOSE, hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(derived))
