"""Whether the database has exactly the migrations that this code knows."""

from dataclasses import dataclass

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.core.errors import MediaHubError


class SchemaMismatch(MediaHubError):
    """The database is older or newer than the code; nothing was started."""

    code = "schema_mismatch"
    status = 503


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Migrations that the code has and the database lacks, and the other way round."""

    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def is_current(self) -> bool:
        return not self.missing and not self.unknown

    def __str__(self) -> str:
        if self.unknown:
            return (
                f"The database has migrations that this version doesn't know "
                f"({', '.join(self.unknown[:3])}): it was used by a newer MediaHub. "
                "Install that version again, or restore a backup made before the upgrade."
            )
        if self.missing:
            return (
                f"{len(self.missing)} migrations are not applied ({', '.join(self.missing[:3])}…). "
                "Run `.venv/bin/python manage.py migrate`, or start with `make run`, which does."
            )
        return "all migrations are applied"


def schema_state() -> SchemaState:
    """Compare the code's migrations with the database's."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    known, ours = set(executor.loader.disk_migrations), executor.loader.migrated_apps
    # A migration that was replaced by a squashed one is still recorded under its old name.
    replaced = {key for m in executor.loader.disk_migrations.values() for key in m.replaces}
    applied = executor.loader.applied_migrations
    return SchemaState(
        missing=tuple(f"{m.app_label}.{m.name}" for m, _backwards in plan),
        unknown=tuple(
            f"{app}.{name}"
            for app, name in sorted(applied)
            if app in ours and (app, name) not in known | replaced
        ),
    )


def require_current_schema() -> None:
    """Raises SchemaMismatch, whose text says what to do."""
    state = schema_state()
    if not state.is_current:
        raise SchemaMismatch(str(state))
