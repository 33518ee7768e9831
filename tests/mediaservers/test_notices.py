"""What is written down to be told."""

from datetime import timedelta

import pytest

from apps.mediaservers.choices import ChangeKind, NoticeState
from apps.mediaservers.models import MediaServer, Notice
from apps.mediaservers.services import Change, tell
from tests.factories import NOON, make_library
from tests.mediaservers.factories import make_notice, make_server

pytestmark = pytest.mark.django_db

FILM = b"/srv/films/Film \xff.mkv"


def of(*kinds: str, path: bytes = FILM, library: int = 1) -> list[Change]:
    return [Change(path, kind, library) for kind in kinds]  # type: ignore[arg-type]


class TestTell:
    def test_each_enabled_server_has_a_notice_of_each_path(self) -> None:
        library = make_library()
        first, second = make_server(), make_server()
        make_server(enabled=False)

        ids = tell(
            [
                Change(FILM, "created", library.pk, size_bytes=5_000_000_000),
                Change(b"/srv/films/old.avi", "deleted", library.pk),
            ],
            now=NOON,
        )

        notices = Notice.objects.order_by("server", "shown")
        assert sorted(ids) == sorted(notice.pk for notice in notices)
        assert [(n.server, n.shown, n.change, n.size_bytes) for n in notices] == [
            (first, "/srv/films/Film \\xff.mkv", "created", 5_000_000_000),
            (first, "/srv/films/old.avi", "deleted", None),
            (second, "/srv/films/Film \\xff.mkv", "created", 5_000_000_000),
            (second, "/srv/films/old.avi", "deleted", None),
        ]
        kept = notices[0]
        assert (bytes(kept.path), kept.library, kept.state) == (FILM, library, NoticeState.WAITING)
        assert (kept.made_at, kept.next_at) == (NOON, NOON + timedelta(seconds=10))

    def test_a_server_is_told_of_its_libraries_only(self) -> None:
        mine, other = make_library(), make_library()
        server, of_all = make_server(libraries=[mine]), make_server()

        tell([*of("created", library=other.pk), *of("created", path=b"/b", library=mine.pk)])

        told = Notice.objects.values_list("server", "shown")
        assert set(told) == {
            (server.pk, "/b"), (of_all.pk, "/b"), (of_all.pk, "/srv/films/Film \\xff.mkv"),
        }  # fmt: skip

    def test_some_servers_may_be_chosen(self) -> None:
        server, _other = make_server(), make_server()

        tell(of("created"), servers=MediaServer.objects.filter(pk=server.pk))

        assert Notice.objects.get().server == server

    def test_without_servers_it_is_one_question(self, django_assert_num_queries: object) -> None:
        with django_assert_num_queries(1):  # type: ignore[operator]
            assert tell(of("created")) == []

    def test_a_library_that_went_meanwhile_is_no_error(self) -> None:
        make_server()
        tell(of("created", library=987_654))
        assert Notice.objects.get().library is None

    @pytest.mark.parametrize("path", [b"", b"films/a.mkv", b"/a\0b"])
    def test_only_absolute_paths(self, path: bytes) -> None:
        make_server()
        with pytest.raises(ValueError, match="absolute"):
            tell(of("created", path=path))

    @pytest.mark.parametrize(
        ("kinds", "becomes"),
        [
            (("created", "modified"), "created"), (("deleted", "created"), "modified"),
            (("created", "deleted"), "deleted"), (("modified", "modified"), "modified"),
            (("modified", "deleted"), "deleted"), (("deleted", "modified"), "modified"),
            (("created", "deleted", "created"), "modified"),
        ],
    )  # fmt: skip
    def test_what_happens_before_it_was_told_is_one_change(
        self, kinds: tuple[str, ...], becomes: str
    ) -> None:
        make_server()

        tell(of(*kinds), now=NOON)
        at_once = Notice.objects.get()
        Notice.objects.all().delete()
        for second, kind in enumerate(kinds):
            tell(of(kind), now=NOON + timedelta(seconds=second))
        apart = Notice.objects.get()

        assert (at_once.change, apart.change) == (becomes, becomes)
        assert (apart.changes, apart.made_at) == (len(kinds), NOON)
        assert apart.next_at == NOON + timedelta(seconds=len(kinds) - 1 + 10)

    def test_what_was_told_but_not_looked_up_is_to_be_told_anew(self) -> None:
        notice = make_notice(
            path=FILM, state=NoticeState.TOLD, change=ChangeKind.CREATED, looks=1, attempts=1,
            told_at=NOON,
        )  # fmt: skip
        later = NOON + timedelta(minutes=1)

        assert tell(of("modified"), now=later) == [notice.pk]

        notice.refresh_from_db()
        assert (notice.state, notice.change, notice.made_at) == ("waiting", "modified", later)
        assert (notice.looks, notice.attempts) == (0, 0)

    def test_what_is_over_stays_and_a_new_one_begins(self) -> None:
        over = make_notice(path=FILM, state=NoticeState.CONFIRMED)

        (new,) = tell(of("modified"))

        assert new != over.pk
        assert Notice.objects.count() == 2
