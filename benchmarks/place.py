"""Where benchmarks keep their files and databases, and how they choose among them."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"
_SETTINGS = "benchmarks.settings"


def use_own_data() -> None:
    """Point this process, and what it starts, to an embedded database of the benchmarks' own."""
    from mediahub import postgres

    data = BUILD / "data"
    (data / "static").mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": _SETTINGS,
        "MEDIAHUB_DATA_DIR": str(data),
        "MEDIAHUB_ENV_FILE": os.devnull,
        "DATABASE_URL": postgres.ensure(data).url,
    }
    import django

    django.setup()


def databases() -> set[str]:
    """The names of those that are there."""
    with _admin() as admin:
        return {name for (name,) in admin.execute("SELECT datname FROM pg_database")}


def make_database(name: str) -> None:
    """Make an empty, migrated database, in place of one of this name, and use it."""
    make_empty_database(name)
    use_database(name)
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def make_empty_database(name: str) -> None:
    """Make a database with nothing in it, in place of one of this name."""
    drop_database(name)
    with _admin() as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def copy_database(name: str, *, template: str) -> None:
    """Make a copy of a database that nobody uses now, in place of one of this name, and use it."""
    drop_database(name)
    _close()
    with _admin() as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    use_database(name)


def rename_database(name: str, *, to: str) -> None:
    """Rename one that nobody uses now, and use it."""
    _close()
    with _admin() as admin:
        admin.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(name), sql.Identifier(to)
            )
        )
    use_database(to)


def drop_database(name: str) -> None:
    """Remove a database if it is there."""
    _close()
    with _admin() as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def use_database(name: str) -> None:
    """Let this process, and what it starts from now on, use another database of the server."""
    from django.db import connection

    _close()
    os.environ["DATABASE_URL"] = url(name)
    connection.settings_dict |= {"NAME": name, "URL": url(name)}


def _close() -> None:
    from django.db import connection

    connection.close()


def _admin() -> "psycopg.Connection[tuple[str, ...]]":
    return psycopg.connect(url("postgres"), autocommit=True)


def url(name: str) -> str:
    """Where a database of the server is found."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
