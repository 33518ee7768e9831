"""No address of the whole site tells the anonymous anything."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

# What is meant to be open: the page to log in, what it needs, and the process' own pulse.
OPEN = {"/admin/login/", "/admin/jsi18n/", "/healthz", "/readyz", "/metrics"}
SHUT = {301, 302, 401, 403, 404, 405}


def _addresses(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + _plain(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def _plain(route: str) -> str:
    """A pattern with something in the place of its parameters."""
    route = re.sub(r"\(\?:[^)]*\)\?", "", route)
    route = re.sub(r"\(\?P<\w+>([\w\\.]+)\|[^)]*\)", r"\1", route)  # one of some names
    route = re.sub(r"\(\?P<\w+>[^)]*\)", "1", route)
    route = re.sub(r"<[^>]*>", "1", route)
    return re.sub(r"[\^$?\\]|\.\*", "", route)


ADDRESSES = sorted(set(_addresses(get_resolver().url_patterns)) - OPEN)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
def test_anonymous_is_shut_out(method: str) -> None:
    client, found = Client(), {}

    for address in ADDRESSES:
        response = getattr(client, method)(address)
        leads = response.headers.get("Location", "")
        to_login = response.status_code in {301, 302} and ("login" in leads or leads == "/admin/")
        redirected = response.status_code == 301 and leads.rstrip("/") == address.rstrip("/")
        if not (response.status_code in SHUT - {301, 302} or to_login or redirected):
            found[address] = (response.status_code, leads)

    assert len(ADDRESSES) > 60
    assert found == {}


@pytest.mark.django_db
def test_anonymous_api_is_always_challenged() -> None:
    client = Client()
    api = [address for address in ADDRESSES if address.startswith("/api/")]

    found = {address: client.get(address).status_code for address in api}

    assert set(found.values()) == {401}
    assert len(found) > 40


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "bearer  x", "Bearer \xff"])
def test_wrong_token_is_refused_even_with_a_session(admin_client: Client, header: str) -> None:
    response = admin_client.get("/api/v1/videos/", headers={"Authorization": header})

    assert response.status_code == 401
