"""Django's PostgreSQL back end, which finds its server when it is first needed.

``URL`` in the database settings names a server; without it the embedded one is started (or joined)
under ``EMBEDDED["data_dir"]``. Commands that never connect therefore never start a server.
"""

from typing import Any

from django.db.backends.postgresql import base
from psycopg.conninfo import conninfo_to_dict

from mediahub import postgres


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        url = self.settings_dict.get("URL")
        if not url:
            url = postgres.ensure(**self.settings_dict["EMBEDDED"]).url
        return {**conninfo_to_dict(url), **super().get_connection_params()}
