"""The web processes: pooled connections, and no query may run for ever."""

from mediahub import env
from mediahub.settings.base import *  # noqa: F403
from mediahub.settings.base import DATABASES

_TIMEOUT_MS = env.whole("MEDIAHUB_STATEMENT_TIMEOUT_MS", 20_000, least=100)
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["OPTIONS"] = {
    "pool": {"min_size": 1, "max_size": env.whole("MEDIAHUB_WEB_CONNECTIONS", 12, least=2)},
    "options": f"-c statement_timeout={_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000",
}
