"""How often and when a kind of job is tried again, and how long it may take.

What an operator says of a kind in ``MEDIAHUB_JOB_KINDS`` goes before what its task declares, and
that before the settings for all.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.jobs.registry import Rules, find_task

_LARGEST_EXPONENT = 30


@dataclass(frozen=True, slots=True)
class Policy:
    """Attempts in all; seconds before the second, how they grow, and up to what; jitter either way.

    ``time_limit_s`` is for one attempt, 0 for none.
    """

    attempts: int
    retry_s: int
    retry_factor: int
    retry_most_s: int
    retry_jitter_percent: int
    time_limit_s: int

    def delay_after(self, attempt: int) -> timedelta:
        """How long a job waits after so many attempts, so that not all come back at once."""
        exponent = min(max(attempt, 1) - 1, _LARGEST_EXPONENT)
        seconds = min(self.retry_s * self.retry_factor**exponent, self.retry_most_s)
        jitter = self.retry_jitter_percent / 100 * random.uniform(-1, 1)  # noqa: S311
        return timedelta(seconds=seconds * (1 + jitter))


def policy_of(kind: str) -> Policy:
    """The rules for a kind. Raises UnknownTask."""
    rules = find_task(kind).rules
    declared = {f.name: v for f in fields(Rules) if (v := getattr(rules, f.name)) is not None}
    return replace(
        _for_all(), **declared, **_by_kind(tuple(settings.MEDIAHUB_JOB_KINDS)).get(kind, {})
    )


def check_settings() -> None:
    """Raises ImproperlyConfigured if ``MEDIAHUB_JOB_KINDS`` can't be read."""
    _by_kind(tuple(settings.MEDIAHUB_JOB_KINDS))


def _for_all() -> Policy:
    return Policy(
        attempts=settings.MEDIAHUB_JOB_ATTEMPTS,
        retry_s=settings.MEDIAHUB_JOB_RETRY_SECONDS,
        retry_factor=settings.MEDIAHUB_JOB_RETRY_FACTOR,
        retry_most_s=settings.MEDIAHUB_JOB_RETRY_MOST_SECONDS,
        retry_jitter_percent=settings.MEDIAHUB_JOB_RETRY_JITTER_PERCENT,
        time_limit_s=60 * settings.MEDIAHUB_JOB_TIME_LIMIT_MINUTES,
    )


@cache
def _by_kind(said: tuple[str, ...]) -> Mapping[str, Mapping[str, int]]:
    """``library.scan.attempts=5`` and the like."""
    names = {field.name for field in fields(Policy)}
    rules: dict[str, dict[str, int]] = {}
    for rule in said:
        place, _, number = rule.partition("=")
        kind, _, name = place.strip().rpartition(".")
        if not kind or name not in names or not number.strip().isdecimal():
            raise ImproperlyConfigured(
                f"MEDIAHUB_JOB_KINDS: {rule!r} must be KIND.RULE=NUMBER, as in "
                f"library.scan.attempts=5; the rules are {', '.join(sorted(names))}."
            )
        rules.setdefault(kind, {})[name] = int(number)
    return rules
