"""The web application. Refuses to start on a database that doesn't fit the code."""

import os
import warnings

# WhiteNoise serves static files as synchronous streams; they are small: reading one whole is meant.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediahub.settings.web")

import django
from django.core.handlers.asgi import ASGIHandler

django.setup(set_prefix=False)


class Handler(ASGIHandler):
    """Hands films to the server in pieces of a megabyte: 64 KiB each would cost thrice the CPU."""

    chunk_size = 1 << 20


application = Handler()

from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from apps.core.schema import require_current_schema


def _check_schema() -> None:
    try:
        require_current_schema()
    finally:
        connection.close()


# The server imports this module in its event loop, where Django's database can't be used.
with ThreadPoolExecutor(max_workers=1) as pool:
    pool.submit(_check_schema).result()
