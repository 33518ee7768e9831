"""What holds for every process. ``web`` and ``test`` add a few lines of their own.

Every ``MEDIAHUB_…`` name is an environment variable read through ``mediahub.env``;
``docs/settings.md`` describes each one and ``manage.py showconfig`` prints the effective ones.
"""

import os
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.urls import reverse_lazy
from psycopg.conninfo import conninfo_to_dict

from mediahub import env
from mediahub.settings.extensions import IGNORED_NAMES, MEDIA_EXTENSIONS

# ── Places ────────────────────────────────────────────────────────────────────────────────────────
BASE_DIR = env.ROOT
MEDIAHUB_VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"][
    "version"
]
MEDIAHUB_KNOWN = env.known  # what was read from the environment, for showconfig and status
MEDIAHUB_DATA_DIR: Path = env.path("MEDIAHUB_DATA_DIR", BASE_DIR / "data")
_SECRETS = MEDIAHUB_DATA_DIR / "secrets"

# ── Web ───────────────────────────────────────────────────────────────────────────────────────────
SECRET_KEY = env.secret_key("MEDIAHUB_SECRET_KEY", _SECRETS / "secret-key")
DEBUG = env.flag("MEDIAHUB_DEBUG", default=False)
MEDIAHUB_BIND = env.text("MEDIAHUB_BIND", "127.0.0.1:8000")
MEDIAHUB_WEB_WORKERS = env.whole("MEDIAHUB_WEB_WORKERS", min(2, os.cpu_count() or 1), least=1)
MEDIAHUB_HTTPS = env.flag("MEDIAHUB_HTTPS", default=False)
ALLOWED_HOSTS = env.words(
    "MEDIAHUB_ALLOWED_HOSTS",
    ["localhost", "127.0.0.1", "[::1]", *([h] if (h := MEDIAHUB_BIND.rpartition(":")[0]) else [])],
)
CSRF_TRUSTED_ORIGINS = env.words("MEDIAHUB_TRUSTED_ORIGINS", [])
MEDIAHUB_OPS_ADDRESSES = env.words("MEDIAHUB_OPS_ADDRESSES", ["127.0.0.0/8", "::1/128"])

ROOT_URLCONF = "mediahub.urls"
ASGI_APPLICATION = "mediahub.asgi.application"
APPEND_SLASH = True
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = MEDIAHUB_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if MEDIAHUB_HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if MEDIAHUB_HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# ── Apps ──────────────────────────────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "mediahub",
    "unfold.apps.BasicAppConfig",  # the default one would put its own site in place of ours
    "unfold.contrib.filters",
    "mediahub.admin.MediaHubAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "apps.core",
    "apps.accounts",
    "apps.jobs",
    "apps.machines",
    "apps.library",
    "apps.artifacts",
    "apps.mediaservers",
    "apps.markers",
    "apps.playlists",
    "apps.editing",
    "apps.renaming",
    "apps.rules",
    "apps.transcodes",
    "apps.stashbox",
    "apps.faces",
    "apps.insights",
    "apps.browse",
    "apps.playback",
    "apps.ops",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "apps.core.middleware.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.RequestContextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.core.middleware.ActingUserMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# ── Database ──────────────────────────────────────────────────────────────────────────────────────
# The back end starts the embedded server at the first connection when DATABASE_URL is unset.
_URL = env.text("DATABASE_URL", secret=True)
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "mediahub.postgres.backend",
        "NAME": conninfo_to_dict(_URL).get("dbname") if _URL else "mediahub",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # What a frozen worker has locked is free again after a while.
        "OPTIONS": {"options": "-c idle_in_transaction_session_timeout=300000"},
        "URL": _URL,
        "EMBEDDED": {
            "data_dir": MEDIAHUB_DATA_DIR,
            "binaries": env.optional_path("MEDIAHUB_PG_BIN"),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# ── Accounts ──────────────────────────────────────────────────────────────────────────────────────
# Whether the first start makes a demonstration library when it is given no folder.
MEDIAHUB_DEMO = env.flag("MEDIAHUB_DEMO", default=True)
MEDIAHUB_ADMIN_USER = env.text("MEDIAHUB_ADMIN_USER")
MEDIAHUB_ADMIN_PASSWORD = env.text("MEDIAHUB_ADMIN_PASSWORD", secret=True)
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]

# ── Transcodes ────────────────────────────────────────────────────────────────────────────────────
MEDIAHUB_TRANSCODE_CHUNK_MINUTES = env.whole("MEDIAHUB_TRANSCODE_CHUNK_MINUTES", 10)
MEDIAHUB_TRASH_DAYS = env.whole("MEDIAHUB_TRASH_DAYS", 30)  # 0: until a person empties it

# ── Jobs ──────────────────────────────────────────────────────────────────────────────────────────
MEDIAHUB_QUEUES = {
    "disk": env.whole("MEDIAHUB_DISK_WORKERS", 2, least=1),
    "cpu": env.whole("MEDIAHUB_CPU_WORKERS", max(1, (os.cpu_count() or 2) // 2), least=1),
    "gpu": env.whole("MEDIAHUB_GPU_WORKERS", -1, least=-1),  # -1: one for each GPU
    "net": env.whole("MEDIAHUB_NET_WORKERS", 2, least=1),
}
MEDIAHUB_SEARCH_TIMEOUT_MS = env.whole("MEDIAHUB_SEARCH_TIMEOUT_MS", 5_000, least=100)
MEDIAHUB_JOBS_PER_MOUNT = env.whole("MEDIAHUB_JOBS_PER_MOUNT", 2, least=1)
MEDIAHUB_GUARDS = env.flag("MEDIAHUB_GUARDS", default=True)
MEDIAHUB_JOBS_PER_HOST = env.whole("MEDIAHUB_JOBS_PER_HOST", 2, least=1)
MEDIAHUB_JOB_LEASE_SECONDS = env.whole("MEDIAHUB_JOB_LEASE_SECONDS", 60, least=6)
MEDIAHUB_JOB_ATTEMPTS = env.whole("MEDIAHUB_JOB_ATTEMPTS", 3, least=1)
MEDIAHUB_JOB_CRASHES = env.whole("MEDIAHUB_JOB_CRASHES", 3, least=1)
MEDIAHUB_JOB_RETRY_SECONDS = env.whole("MEDIAHUB_JOB_RETRY_SECONDS", 5, least=0)
MEDIAHUB_JOB_RETRY_FACTOR = env.whole("MEDIAHUB_JOB_RETRY_FACTOR", 2, least=1)
MEDIAHUB_JOB_RETRY_MOST_SECONDS = env.whole("MEDIAHUB_JOB_RETRY_MOST_SECONDS", 300, least=0)
MEDIAHUB_JOB_RETRY_JITTER_PERCENT = env.whole("MEDIAHUB_JOB_RETRY_JITTER_PERCENT", 20, most=100)
MEDIAHUB_JOB_TIME_LIMIT_MINUTES = env.whole("MEDIAHUB_JOB_TIME_LIMIT_MINUTES", 0)  # 0: none
MEDIAHUB_JOB_KINDS = env.words("MEDIAHUB_JOB_KINDS", [])  # library.scan.attempts=5
MEDIAHUB_JOB_AGEING_MINUTES = env.whole("MEDIAHUB_JOB_AGEING_MINUTES", 60, least=1)
MEDIAHUB_JOB_STOP_SECONDS = env.whole("MEDIAHUB_JOB_STOP_SECONDS", 10, least=1)
MEDIAHUB_JOB_LOG_LINES = env.whole("MEDIAHUB_JOB_LOG_LINES", 5_000, least=100)
MEDIAHUB_JOB_EVENT_MINUTES = env.whole("MEDIAHUB_JOB_EVENT_MINUTES", 60, least=1)
MEDIAHUB_JOB_HISTORY = timedelta(days=env.whole("MEDIAHUB_JOB_HISTORY_DAYS", 90, least=1))

# django-q2 carries wake-ups only (docs/adr/0002-jobs.md): no retries, no results, no schedules.
Q_CLUSTER = {
    "name": "mediahub",
    "timeout": 2**30,  # the wake-ups themselves say that they have none
    "retry": 2**31 - 1,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "queue_limit": 1,
    "bulk": 1,
    "catch_up": False,
    "scheduler": False,
    "log_level": "WARNING",
}

# ── Scans ─────────────────────────────────────────────────────────────────────────────────────────
MEDIAHUB_PROBE_CHILDREN = env.whole("MEDIAHUB_PROBE_CHILDREN", min(4, os.cpu_count() or 1), least=1)
MEDIAHUB_PROBE_TIMEOUT_SECONDS = env.whole("MEDIAHUB_PROBE_TIMEOUT_SECONDS", 30, least=1)
MEDIAHUB_PROBE_MEMORY_BYTES = env.whole("MEDIAHUB_PROBE_MEMORY_BYTES", 2 * 1024**3, least=2**28)
MEDIAHUB_EXTENSIONS = env.words("MEDIAHUB_EXTENSIONS", MEDIA_EXTENSIONS)
MEDIAHUB_IGNORE = env.words("MEDIAHUB_IGNORE", IGNORED_NAMES)
MEDIAHUB_SETTLE_SECONDS = env.whole("MEDIAHUB_SETTLE_SECONDS", 3, least=0)
MEDIAHUB_DISK_TIMEOUT_SECONDS = env.whole("MEDIAHUB_DISK_TIMEOUT_SECONDS", 20, least=1)
MEDIAHUB_GONE_PERCENT = env.whole("MEDIAHUB_GONE_PERCENT", 5, least=1, most=100)
MEDIAHUB_GONE_FILES = env.whole("MEDIAHUB_GONE_FILES", 10, least=1)
MEDIAHUB_COMPARE_BYTES = env.whole("MEDIAHUB_COMPARE_BYTES", 20 * 1024**3, least=0)
MEDIAHUB_SHARE_SCAN_MINUTES = env.whole("MEDIAHUB_SHARE_SCAN_MINUTES", 60, least=1)

# ── ffmpeg ────────────────────────────────────────────────────────────────────────────────────────
MEDIAHUB_FFMPEG = env.optional_path("MEDIAHUB_FFMPEG")
MEDIAHUB_FFPROBE = env.optional_path("MEDIAHUB_FFPROBE")

# ── Artifacts ─────────────────────────────────────────────────────────────────────────────────────
MEDIAHUB_ARTIFACT_KINDS = env.words("MEDIAHUB_ARTIFACT_KINDS", ["all"])
MEDIAHUB_ARTIFACT_TIMEOUT_SECONDS = env.whole("MEDIAHUB_ARTIFACT_TIMEOUT_SECONDS", 120, least=5)
MEDIAHUB_COVER_THUMB_PX = env.whole("MEDIAHUB_COVER_THUMB_PX", 160, least=32, most=4096)
MEDIAHUB_COVER_CARD_PX = env.whole("MEDIAHUB_COVER_CARD_PX", 480, least=64, most=4096)
MEDIAHUB_COVER_FULL_PX = env.whole("MEDIAHUB_COVER_FULL_PX", 1920, least=64, most=8192)
MEDIAHUB_COVER_FORMAT = env.choice("MEDIAHUB_COVER_FORMAT", "webp", among=("webp", "avif"))
MEDIAHUB_SPRITE_TILES = env.whole("MEDIAHUB_SPRITE_TILES", 81, least=1, most=400)
MEDIAHUB_SPRITE_SECONDS = env.whole("MEDIAHUB_SPRITE_SECONDS", 0, most=3600)
MEDIAHUB_SPRITE_PX = env.whole("MEDIAHUB_SPRITE_PX", 160, least=32, most=640)
MEDIAHUB_SPRITE_EXACT = env.flag("MEDIAHUB_SPRITE_EXACT", default=False)
MEDIAHUB_PREVIEW_SEGMENTS = env.whole("MEDIAHUB_PREVIEW_SEGMENTS", 12, least=1, most=100)
MEDIAHUB_PREVIEW_SEGMENT_MS = env.whole("MEDIAHUB_PREVIEW_SEGMENT_MS", 750, least=100, most=10_000)
MEDIAHUB_PREVIEW_PX = env.whole("MEDIAHUB_PREVIEW_PX", 640, least=64, most=1920)
MEDIAHUB_PREVIEW_CRF = env.whole("MEDIAHUB_PREVIEW_CRF", 23, least=10, most=40)

# ── Playback ──────────────────────────────────────────────────────────────────────────────────────
MEDIAHUB_HLS_SESSIONS = env.whole("MEDIAHUB_HLS_SESSIONS", max(2, os.cpu_count() or 1), least=1)
MEDIAHUB_HLS_IDLE_SECONDS = env.whole("MEDIAHUB_HLS_IDLE_SECONDS", 30, least=5)
MEDIAHUB_HLS_SEGMENT_SECONDS = env.whole("MEDIAHUB_HLS_SEGMENT_SECONDS", 4, least=1, most=20)
MEDIAHUB_HLS_AHEAD_SEGMENTS = env.whole("MEDIAHUB_HLS_AHEAD_SEGMENTS", 8, least=2, most=100)
MEDIAHUB_ACCEL_REDIRECT = env.text("MEDIAHUB_ACCEL_REDIRECT", "")
MEDIAHUB_PLAYED_PERCENT = env.whole("MEDIAHUB_PLAYED_PERCENT", 20, most=100)
MEDIAHUB_MEDIA_SERVER_WAIT_SECONDS = env.whole("MEDIAHUB_MEDIA_SERVER_WAIT_SECONDS", 10, least=1)

# ── Storage of what is made ───────────────────────────────────────────────────────────────────────
STORAGES = {
    "default": {
        "BACKEND": "apps.artifacts.storage.AtomicStorage",
        "OPTIONS": {"location": MEDIAHUB_DATA_DIR / "artifacts"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "pictures": {  # of other servers, small ones, which can be fetched again
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": MEDIAHUB_DATA_DIR / "cache" / "pictures",
        "TIMEOUT": 30 * 24 * 60 * 60,
        "OPTIONS": {"MAX_ENTRIES": 2_000},
    },
}
STATIC_URL = "/static/"
STATIC_ROOT = MEDIAHUB_DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "mediahub" / "static"]

# ── Language and time ─────────────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "mediahub.formats"
TIME_ZONE = env.text("MEDIAHUB_TIME_ZONE", "UTC")
USE_TZ = True

# ── Logging ───────────────────────────────────────────────────────────────────────────────────────
MEDIAHUB_LOG_FORMAT = env.choice("MEDIAHUB_LOG_FORMAT", "plain", among=("plain", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "apps.core.logs.PlainFormatter"},
        "json": {"()": "apps.core.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": MEDIAHUB_LOG_FORMAT}},
    "root": {
        "handlers": ["console"],
        "level": env.text("MEDIAHUB_LOG_LEVEL", "INFO"),
    },
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django-q": {"level": "WARNING"},  # it tells of every wake-up
        # in our format in place of its own; without the addresses asked for: queries hold secrets
        "uvicorn": {"handlers": [], "propagate": True, "level": "WARNING"},
        "uvicorn.access": {"handlers": [], "propagate": False},
        "httpx": {"level": "WARNING"},  # it tells of every request, with its address
    },
}

# ── API and admin theme ───────────────────────────────────────────────────────────────────────────
from mediahub.settings.api import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: E402, F401
from mediahub.settings.theme import UNFOLD  # noqa: E402, F401
