"""``manage.py find``."""

import json
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from apps.library.services.vocabulary import learn_words
from tests.factories import make_file, make_library, make_user, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


def find(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("find", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_prints_paths_and_titles_best_match_first() -> None:
    library = make_library(root="/srv/films/")
    for title, name in (("A night", b"a.mkv"), ("Night", b"b/n.mkv")):
        make_video(title, library=library, file=make_file(name, library=library))

    assert find("night") == ("/srv/films/b/n.mkv\tNight\n/srv/films/a.mkv\tA night\n", "")


def test_limits_orders_and_says_how_many_there_are() -> None:
    for rating in (1, 3, 2):
        make_video(f"Rated {rating}", rating=rating)

    out, err = find("rated", "--ordering=-rating", "--limit", "1")

    assert out.endswith("\tRated 3\n")
    assert err == "1 of 3\n"


def test_prints_json() -> None:
    video = make_video("Night", duration_ms=1_500, size_bytes=7)

    told = json.loads(find("--json", "codec:h264", "night")[0])

    assert (told["query"], told["count"]) == ("codec:h264 night", 1)
    assert told["results"][0]["id"] == video.pk
    assert (told["results"][0]["duration"], told["results"][0]["size"]) == (1.5, 7)


def test_broken_query_is_wrong_usage_and_pointed_at() -> None:
    with pytest.raises(CommandError) as error:
        find("night codex:av1")

    assert error.value.returncode == 2
    message, query, marks = str(error.value).splitlines()
    assert "codec" in message
    assert query[marks.index("^") : marks.rindex("^") + 1] == "codex"


def test_unknown_key_and_user_are_failures() -> None:
    for arguments in (["--ordering", "nope"], ["--user", "nobody"]):
        with pytest.raises(CommandError) as error:
            find("night", *arguments)
        assert error.value.returncode == 1


def test_asks_for_a_user() -> None:
    make_video("Night")

    assert find("watched:no", "--user", make_user().username)[0].endswith("Night\n")


def test_forgives_typing_errors() -> None:
    make_video("Drone")
    learn_words()

    out, err = find("dorne")

    assert out.endswith("\tDrone\n")
    assert "“dorne”" in err
    assert "“drone”" in err


def test_explains_how_the_database_finds_them() -> None:
    make_video("Night")

    out, _err = find("codec:h264", "--explain", "--ordering=-added_at")

    assert out.startswith("codec:h264\n")
    assert "library_video" in out
