"""Telling idle workers at once that there is something to do."""

from django.db import connection

from apps.jobs.models import JOB_CHANNEL


def wake(queue: str) -> None:
    """PostgreSQL delivers the notification when, and only if, the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [JOB_CHANNEL, queue])
