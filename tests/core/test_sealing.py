"""Secrets of other servers in the database."""

import pytest
from django.test import override_settings

from apps.core.sealing import Unsealable, seal, unseal


def test_what_was_sealed_is_opened_again() -> None:
    sealed = seal("eyJ.ключ")

    assert unseal(sealed) == "eyJ.ключ"
    assert "eyJ" not in sealed
    assert sealed != seal("eyJ.ключ")  # nobody sees that two are the same


def test_nothing_stays_nothing() -> None:
    assert (seal(""), unseal("")) == ("", "")


@pytest.mark.parametrize("sealed", ["abc", "gAAAAAB" + "x" * 100, "ü"])
def test_what_was_never_sealed_is_refused(sealed: str) -> None:
    with pytest.raises(Unsealable):
        unseal(sealed)


def test_what_was_tampered_with_is_refused() -> None:
    sealed = seal("key")
    changed = sealed[:-10] + ("A" if sealed[-10] != "A" else "B") + sealed[-9:]

    with pytest.raises(Unsealable):
        unseal(changed)


def test_the_secret_key_may_be_changed_as_long_as_the_old_one_is_named() -> None:
    with override_settings(SECRET_KEY="old" * 20):
        sealed = seal("key")

    with override_settings(SECRET_KEY="new" * 20), pytest.raises(Unsealable):
        unseal(sealed)
    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=["old" * 20]):
        assert unseal(sealed) == "key"
