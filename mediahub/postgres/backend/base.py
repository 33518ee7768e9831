"""Django's PostgreSQL back end, which finds its server when it is first needed.

``URL`` in the database settings names a server; without it the embedded one is started (or joined)
under ``EMBEDDED["data_dir"]``. Commands that never connect therefore never start a server.
"""

from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap
from psycopg.conninfo import conninfo_to_dict

from mediahub import postgres


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        url = self.settings_dict.get("URL")
        if not url:
            url = postgres.ensure(**self.settings_dict["EMBEDDED"]).url
        params = {**conninfo_to_dict(url), **super().get_connection_params()}
        if self.timezone is UTC:
            params["context"] = AdaptersMap(params["context"])
            params["context"].register_loader("timestamptz", _UtcLoader)
        return params


class _UtcLoader(BaseTzLoader):  # type: ignore[misc]
    """Reads times in UTC many times as fast as psycopg, which does it in Python.

    A page of videos has hundreds of them.
    """

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        try:
            read = datetime.fromisoformat(bytes(data).decode())
        except ValueError:  # infinity, or a year that Python hasn't
            read = None
        return read if read and read.tzinfo is UTC else super().load(data)
