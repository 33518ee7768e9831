"""One question to a stash-box and its answer: in its turn, tried again where that may help."""

import json
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from apps.core import context, outgoing, sealing
from apps.core.errors import MediaHubError
from apps.stashbox.models import StashBox
from apps.stashbox.schema import AnswerRefused, plain_json
from apps.stashbox.schema.values import line
from apps.stashbox.services import pace

if TYPE_CHECKING:
    import httpx  # slow to load, and most programs ask nobody

MOST_ANSWER_BYTES = 20_000_000
_BUSY = {500, 502, 503, 504}
_NO_BOX = {404, 405, 410, 415}

_REASONS: tuple[tuple[type[MediaHubError], str], ...] = (
    (outgoing.NameUnknown, "dns"),
    (outgoing.TlsFailed, "tls"),
    (outgoing.AddressRefused, "private"),
    (outgoing.TimedOut, "timeout"),
    (outgoing.TooLarge, "too_large"),
    (outgoing.Unreachable, "unreachable"),
    (outgoing.OutgoingError, "broken_answer"),
)


class BoxError(MediaHubError):
    """A stash-box could not be asked, or refused; ``reason`` says in one word why.

    One of dns, tls, unreachable, timeout, private; unauthorised (the key), not_authorised (the
    role); not_a_stash_box, too_old; rate_limited; too_large, broken_answer; refused.
    """

    code = "box_error"
    status = 502

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.passing = reason in {"dns", "unreachable", "timeout", "rate_limited"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How often something is tried, and how long its turn and its answer are waited for."""

    tries: int = 4
    turn_s: float = pace.PATIENCE_S
    answer_s: float = 60.0


SOON = Patience(tries=2, turn_s=10.0, answer_s=20.0)  # somebody looks at an empty page


@dataclass(frozen=True, slots=True)
class Answer:
    """``data`` by the names of its fields, and what went wrong with parts of it."""

    data: dict[str, Any]
    errors: list[dict[str, Any]]

    def error_at(self, *path: str | int) -> str:
        """What went wrong there or below, or nothing."""
        for error in self.errors:
            place = error.get("path")
            if isinstance(place, list) and place[: len(path)] == list(path):
                return message_of(error)
        return ""


class _Again(Exception):
    """To be tried again, after so many seconds if the server said it, else ``error`` counts."""

    def __init__(self, error: BoxError, after_s: float | None = None) -> None:
        self.error, self.after_s = error, after_s


class Exchange:
    """An open line to one box. Not for several threads at once.

    If nothing else is said, jobs have much patience, and requests from people little.
    """

    def __init__(
        self,
        box: StashBox,
        *,
        patience: Patience | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        actor = context.current()
        somebody_waits = actor.request_id and actor.job_id is None
        self._box, self._sleep = box, sleep
        self._patience = patience or (SOON if somebody_waits else Patience())
        try:
            key = sealing.unseal(box.sealed_key)
        except sealing.Unsealable as error:
            raise BoxError("unauthorised", str(error)) from error
        self._http = outgoing.open_client(
            allow_private=box.allow_private,
            timeout_s=self._patience.answer_s,
            headers={"Accept": "application/json"} | ({"ApiKey": key} if key else {}),
        )

    def close(self) -> None:
        """End the connection."""
        self._http.close()

    def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        image: bytes | None = None,
        repeatable: bool = True,
    ) -> Answer:
        """Ask once, or a few times as long as the box is busy.

        ``image`` is sent as the variable ``input.image``. What is not ``repeatable`` is only tried
        again if it was surely not taken. Raises BoxError.
        """
        content = _content(query, variables or {}, image)
        for left in reversed(range(self._patience.tries)):
            try:
                pace.wait_for_turn(self._box, sleep=self._sleep, patience_s=self._patience.turn_s)
            except pace.NoTurn as error:
                raise BoxError("rate_limited", str(error)) from error
            try:
                return self._once(content)
            except _Again as again:
                limited = again.error.reason == "rate_limited"
                if again.after_s is not None or limited:
                    pace.put_off(self._box, self._pause(left, again.after_s))
                if not left or not (repeatable or limited):
                    raise again.error from again
                if again.after_s is None and not limited:
                    self._sleep(self._pause(left, None))
        raise AssertionError("tries are counted down")

    def _pause(self, left: int, said_s: float | None) -> float:
        """What the server said, else longer each time; by chance, lest all come back at once."""
        if said_s is not None:
            return said_s + random.uniform(0, 0.5)  # noqa: S311 - no secret
        tried = self._patience.tries - left
        return float(min(60, 2**tried)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret

    def _once(self, content: Mapping[str, Any]) -> Answer:
        import httpx

        try:
            with self._http.stream("POST", self._box.url, **content) as response:
                _check_before(response, self._box)
                body = outgoing.read_answer(response, most_bytes=MOST_ANSWER_BYTES)
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError) as error:
            raise BoxError("not_a_stash_box", "The box's address or key can't be used.") from error
        except outgoing.OutgoingError as error:
            raise _failure(error, self._box) from error
        return _read(response, body, self._box)


def message_of(error: Mapping[str, Any]) -> str:
    """What a box says went wrong, short enough to be shown."""
    return line(error.get("message"), 200) or "no reason given"


def _content(query: str, variables: Mapping[str, Any], image: bytes | None) -> dict[str, Any]:
    named = re.search(r"(?:query|mutation) (\w+)", query)
    asked = {"query": query, "variables": variables, "operationName": named and named[1]}
    if image is None:
        return {"json": asked}
    given = {**variables, "input": {**variables["input"], "image": None}}
    return {
        "data": {
            "operations": json.dumps({**asked, "variables": given}),
            "map": json.dumps({"0": ["variables.input.image"]}),
        },
        "files": {"0": ("image", image, _image_type(image))},
    }


def _image_type(image: bytes) -> str:
    if image.startswith(b"\x89PNG"):
        return "image/png"
    return "image/webp" if image[8:12] == b"WEBP" else "image/jpeg"


def _failure(error: outgoing.OutgoingError, box: StashBox) -> Exception:
    reason = next(word for kind, word in _REASONS if isinstance(error, kind))
    told = BoxError(reason, f"{box}: {error}")
    return _Again(told) if reason in {"unreachable", "timeout"} else told


def _check_before(response: "httpx.Response", box: StashBox) -> None:
    """What the status says by itself, whatever the body is."""
    status = response.status_code
    if status == 401:
        raise BoxError("unauthorised", f"{box} does not know the API key. Enter it again.")
    if status == 403:
        raise BoxError("not_authorised", f"{box} refuses the API key what it is asked.")
    if status == 429:
        told = BoxError("rate_limited", f"{box} is asked more often than it allows.")
        raise _Again(told, _retry_after(response))
    if status in _BUSY:
        told = BoxError("unreachable", f"{box} is in trouble (HTTP status {status}).")
        raise _Again(told, _retry_after(response))
    if response.is_redirect or status in _NO_BOX:
        raise BoxError(
            "not_a_stash_box",
            f"{box} is no stash-box at this address (HTTP status {status}). Check its address.",
        )


def _retry_after(response: "httpx.Response") -> float | None:
    """Seconds, from either form of the header."""
    said = response.headers.get("retry-after", "").strip()[:40]
    if said.isascii() and said.isdecimal():
        return float(said)
    try:
        then = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def _read(response: "httpx.Response", body: bytes, box: StashBox) -> Answer:
    try:
        found = plain_json(body)
    except AnswerRefused as error:
        if response.is_success and "json" in response.headers.get("content-type", ""):
            raise BoxError("broken_answer", f"{box} answered with broken JSON.") from error
        raise BoxError("not_a_stash_box", f"{box} did not answer as a stash-box does.") from error
    if not isinstance(found, dict) or not {"data", "errors"} & set(found):
        raise BoxError("not_a_stash_box", f"{box} did not answer as a stash-box does.")
    errors = _errors(found.get("errors"))
    data = found.get("data")
    if isinstance(data, dict) and response.is_success and any(v is not None for v in data.values()):
        return Answer(data, errors)
    if errors:
        raise _refusal(errors, box)
    if isinstance(data, dict) and response.is_success:
        return Answer(data, errors)
    raise BoxError("broken_answer", f"{box} answered without data.")


def _errors(value: Any) -> list[dict[str, Any]]:
    return [e for e in value[:1_000] if isinstance(e, dict)] if isinstance(value, list) else []


def _refusal(errors: Sequence[Mapping[str, Any]], box: StashBox) -> BoxError:
    message = message_of(errors[0])
    extensions = errors[0].get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    if message.lower() == "not authorized":
        return BoxError("not_authorised", f"The API key's account may not do this at {box}.")
    if code == "GRAPHQL_VALIDATION_FAILED" or message.startswith(("Cannot query", "Unknown ")):
        return BoxError("too_old", f"{box} does not know what it was asked: {message}")
    return BoxError("refused", f"{box} refused: {message}")
