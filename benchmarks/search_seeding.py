"""What the catalogue of a million has too little of for searches: plays, markers, values, twins."""

from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F

from apps.library.models import CustomField, Marker, Video
from benchmarks.search_questions import MARK, MOOD, STARS

_PLAYS = """
    INSERT INTO library_viewing
        (user_id, video_id, play_count, played_ms, position_ms, last_played_at)
    SELECT %s, id, 1 + id %% 5, 60000, 0, added_at + interval '30 days'
    FROM library_video WHERE id %% 50 = 0 ON CONFLICT DO NOTHING
"""
_VALUES = """
    UPDATE library_video SET twin_distance = CASE WHEN id %% 200 = 0 THEN id / 200 %% 9 END,
        custom = jsonb_build_object(%s::text, 'mood ' || id %% 9, %s::text, id %% 11)
    WHERE id %% 40 = 0
"""


def seed(user: User) -> None:
    """Once for each database: every fiftieth video was played, every hundredth has a marker, every
    fortieth a value of its own, every two-hundredth is like another."""
    if CustomField.objects.filter(key=STARS).exists():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        CustomField.objects.create(key=MOOD, label="Mood", kind="text")
        CustomField.objects.create(key=STARS, label="Stars", kind="number")
        _execute(cursor, _PLAYS, user.pk)
        if not Marker.objects.filter(title=MARK).exists():
            ids = (
                Video.objects.annotate(rest=F("pk") % 100)
                .filter(rest=0)
                .values_list("pk", flat=True)
            )
            Marker.objects.bulk_create(_marker(pk) for pk in ids)
        _execute(cursor, _VALUES, MOOD, STARS)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE library_video, library_viewing, library_marker")


def _marker(pk: int) -> Marker:
    return Marker(video_id=pk, title=MARK if pk % 1_000 == 0 else f"Part {pk % 7}", start_ms=5_000)


def _execute(cursor: Any, statement: str, *parameters: Any) -> None:
    cursor.execute(statement, parameters)
