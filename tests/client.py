"""A client of the API."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

ROOT = "/api/v1/"


class Api:
    """Sends JSON and reads JSON, below ``/api/v1/``, as a user with a session or by a token."""

    def __init__(self, user: User | None = None, *, token: str = "", **headers: str) -> None:
        self.user = user
        self.http = Client(headers={"Authorization": f"Bearer {token}"} if token else None)
        self.headers = headers
        if user and not token:
            self.http.force_login(user)

    def get(self, path: str, /, **parameters: Any) -> Any:
        return self.http.get(self._url(path), parameters, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("PATCH", path, body, headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.send("DELETE", path, None, headers)

    def send(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = {} if body is None else body
        return self.http.generic(
            method, self._url(path), _json(data), "application/json",
            headers={**self.headers, **named},
        )  # fmt: skip

    def results(self, path: str, /, **parameters: Any) -> list[dict[str, Any]]:
        response = self.get(path, **parameters)
        assert response.status_code == 200, response.content
        found: list[dict[str, Any]] = response.json()["results"]
        return found

    def _url(self, path: str) -> str:
        return path if path.startswith(("/", "http")) else ROOT + path


def _json(data: Any) -> str:
    return data if isinstance(data, str) else json.dumps(data)
