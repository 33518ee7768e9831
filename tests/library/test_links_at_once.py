"""Links of the same videos, written by several at once."""

from collections.abc import Callable
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from apps.core import audit
from apps.library.models import Tag, Video, VideoTag
from apps.library.services.merge import merge_tags
from tests.editing.states import state
from tests.factories import make_tag, make_video

_BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "take_away", [audit.delete, lambda tag: merge_tags(tag, into=Tag.objects.get(name="kept"))]
)
def test_a_tag_goes_while_another_comes(take_away: Callable[[Tag], object]) -> None:
    gone, kept, come = make_tag("gone"), make_tag("kept"), make_tag("come")
    video = make_video(tags=[gone, kept])
    held = Event()

    def edit() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                Video.objects.select_for_update(no_key=True).get(pk=video.pk)
                VideoTag.objects.create(video=video, tag=come)
                held.set()
                for _ in range(500):
                    cursor.execute(_BLOCKED)
                    if cursor.fetchone()[0]:
                        break
                    cursor.execute("SELECT pg_sleep(0.01)")
        finally:
            connection.close()

    other = Thread(target=edit)
    other.start()
    held.wait(10)
    take_away(gone)
    other.join()

    assert set(video.tags.all()) == {kept, come}
    state()
