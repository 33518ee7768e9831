"""Saved views: keeping them, sharing them, showing them, pinning them."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.browse.models import SavedView
from apps.browse.services import views
from apps.core.counting import RowCount
from apps.core.models import AuditEntry
from tests.client import Api
from tests.factories import NOON, make_playlist, make_user, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def ann() -> User:
    return make_user(Role.VIEWER, username="ann")


@pytest.fixture
def bob() -> User:
    return make_user(Role.VIEWER, username="bob")


def keep(owner: User, name: str = "Walks", **values: Any) -> SavedView:
    return SavedView.objects.create(owner=owner, name=name, **values)


def browse(user: User, **parameters: object) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(reverse("admin:library_video_browse"), parameters)
    assert response.status_code == 200
    return unescape(response.content.decode())


def titles(page: str) -> list[str]:
    return re.findall(r'mh-card-title" title="([^"]*)"', page)


class TestApi:
    def test_keeps_what_a_page_shows(self, ann: User) -> None:
        body = {
            "name": "Long walks", "query": "walk duration>1h", "ordering": "-rating,title",
            "icon": "pets", "layout": "table", "zoom": "l", "page_size": 100, "shared": True,
            "columns": ["title", "rating"], "in_sidebar": True, "on_dashboard": True,
        }  # fmt: skip

        created = Api(ann).post("saved-views/", body)

        assert created.status_code == 201
        assert created.json() == body | {
            "id": created.json()["id"], "owner": "ann", "may_change": True, "version": 1,
            "created_at": created.json()["created_at"], "updated_at": created.json()["updated_at"],
        }  # fmt: skip
        assert AuditEntry.objects.filter(object_type="browse.savedview", user=ann).count() == 1

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"query": "duratin<5m"}, "q"),
            ({"query": "(a"}, "q"),
            ({"ordering": "-colour"}, "ordering"),
            ({"layout": "circle"}, "layout"),
            ({"zoom": "xl"}, "zoom"),
            ({"page_size": 5}, "page_size"),
            ({"columns": ["nonsense"]}, "columns"),
            ({"columns": ["title", "title"]}, "columns"),
            ({"icon": "<b>"}, "icon"),
            ({"name": ""}, "name"),
            ({"owner": "bob"}, "owner"),
        ],
    )
    def test_refuses_what_cannot_be_shown(
        self, ann: User, values: dict[str, Any], field: str
    ) -> None:
        refused = Api(ann).post("saved-views/", {"name": "V", **values})

        assert refused.status_code == 400
        assert list(refused.json()["errors"]) == [field]
        assert not SavedView.objects.exists()

    def test_a_name_is_ones_own_once(self, ann: User, bob: User) -> None:
        keep(ann, "Walks")

        assert Api(ann).post("saved-views/", {"name": "walks"}).status_code == 409
        assert Api(bob).post("saved-views/", {"name": "walks"}).status_code == 201

    def test_lists_ones_own_and_those_that_are_shared(self, ann: User, bob: User) -> None:
        keep(ann, "Mine"), keep(bob, "His"), keep(bob, "Shared", shared=True)

        found = Api(ann).results("saved-views/")

        assert [(one["name"], one["may_change"]) for one in found] == [
            ("Mine", True),
            ("Shared", False),
        ]
        assert [one["name"] for one in Api(ann).results("saved-views/", shared="true")] == [
            "Shared"
        ]

    def test_only_its_owner_changes_a_view(self, ann: User, bob: User) -> None:
        shared, private = keep(ann, "Shared", shared=True), keep(ann, "Private")
        boss = make_user(superuser=True)

        for deed in (Api(bob).patch, lambda path, _body: Api(bob).delete(path)):
            assert deed(f"saved-views/{shared.pk}/", {"name": "X"}).status_code == 403  # type: ignore[operator]
            assert deed(f"saved-views/{private.pk}/", {"name": "X"}).status_code == 404  # type: ignore[operator]
        assert Api(ann).patch(f"saved-views/{shared.pk}/", {"name": "Y"}).status_code == 200
        assert Api(boss).patch(f"saved-views/{shared.pk}/", {"name": "Z"}).status_code == 200
        assert Api(ann).delete(f"saved-views/{private.pk}/").status_code == 204

    def test_a_stale_edit_is_refused(self, ann: User) -> None:
        view = keep(ann)
        path = f"saved-views/{view.pk}/"
        Api(ann).patch(path, {"name": "New"})

        stale = Api(ann).patch(path, {"name": "Old"}, If_Unmodified_Since_Version="1")

        assert stale.status_code == 412

    def test_so_many_can_be_pinned(self, ann: User) -> None:
        for number in range(views.MOST_PINNED):
            keep(ann, f"View {number}", in_sidebar=True)

        refused = Api(ann).post("saved-views/", {"name": "More", "in_sidebar": True})

        assert (refused.status_code, refused.json()["type"]) == (
            409, "urn:mediahub:problem:too_many_pinned",
        )  # fmt: skip
        assert Api(ann).post("saved-views/", {"name": "More"}).status_code == 201

    def test_a_long_list_costs_the_queries_of_a_short_one(self, ann: User, bob: User) -> None:
        def cost() -> int:
            with CaptureQueriesContext(connection) as caught:
                Api(ann).results("saved-views/")
            return len(caught)

        keep(ann)
        few = cost()
        for number in range(15):
            keep(bob, f"View {number}", shared=True)
        assert cost() == few


class TestCounts:
    def test_are_of_pinned_views_and_told_apart_from_broken_ones(self, ann: User) -> None:
        for title in ("Walk 1", "Walk 2", "Party"):
            make_video(title)
        walks = keep(ann, "Walks", query="walk", in_sidebar=True)
        broken = keep(ann, "Broken", query="nonsense:1", on_dashboard=True)
        keep(ann, "Not pinned", query="party")

        counts = Api(ann).get("saved-views/counts/").json()

        assert counts == {
            str(walks.pk): {"count": 2, "count_is_estimate": False, "text": "2"},
            str(broken.pk): None,
        }

    def test_are_kept_for_a_minute(self, ann: User) -> None:
        view = keep(ann, query="walk", in_sidebar=True)
        assert views.known_counts([view], ann) == {}
        views.counts([view], ann, now=NOON)
        make_video("Walk")

        with CaptureQueriesContext(connection) as caught:
            again = views.counts([view], ann, now=NOON)

        assert (again, len(caught)) == ({view.pk: RowCount(0)}, 0)
        view.version += 1  # another query is another count
        assert views.counts([view], ann, now=NOON) == {view.pk: RowCount(1)}

    def test_of_what_one_played_are_ones_own(self, ann: User, bob: User) -> None:
        view = keep(ann, query="is:watched", shared=True)
        views.counts([view], ann, now=NOON)

        assert views.known_counts([view], bob) == {}


class TestPage:
    def test_shows_what_was_kept(self, ann: User) -> None:
        make_video("Walk", rating=10), make_video("Walk in town", rating=90), make_video("Party")
        view = keep(ann, query="walk", ordering="-rating", zoom="l", page_size=100)

        page = browse(ann, view=view.pk)

        assert titles(page) == ["Walk in town", "Walk"]
        assert 'data-zoom-grid="l"' in page
        assert 'data-page-size="100"' in page
        assert "br-dot" not in page

    def test_the_address_overrides_it(self, ann: User) -> None:
        make_video("Walk"), make_video("Party")
        view = keep(ann, query="walk")

        page = browse(ann, view=view.pk, q="party")
        assert titles(page) == ["Party"]
        assert "br-dot" in page  # modified
        assert len(titles(browse(ann, view=view.pk, q=""))) == 2
        assert "br-dot" in browse(ann, view=view.pk, zoom="s")
        assert "br-dot" not in browse(ann, view=view.pk, q="  walk ")
        assert "data-view-save>" in page

    def test_one_that_is_broken_shows_its_error_and_no_videos(self, ann: User) -> None:
        make_video("Walk")
        view = keep(ann, query="nonsense:1")

        page = browse(ann, view=view.pk)

        assert titles(page) == []
        assert "can't be shown" in page
        assert "There is no field “nonsense”" in page

    def test_of_another_that_is_private_is_not_there(self, ann: User, bob: User) -> None:
        make_video("Walk")
        view = keep(bob, query="walk", name="Secret")

        for number in (view.pk, 10**12, "x", "9" * 40):
            page = browse(ann, view=number)
            assert titles(page) == []
            assert "There is no such view" in page
            assert "Secret" not in page
        assert titles(browse(ann, view=view.pk, q="walk")) == ["Walk"]

    def test_of_another_that_is_shared_can_be_used_and_not_changed(
        self, ann: User, bob: User
    ) -> None:
        view = keep(bob, query="walk", shared=True)

        page = browse(ann, view=view.pk, q="party")

        assert "by bob" in page
        assert "data-view-save-as" in page
        assert "data-view-save>" not in page
        assert "data-view-edit" not in page


class TestPins:
    def test_stand_in_the_sidebar_and_on_the_first_page(self, ann: User, bob: User) -> None:
        side = keep(ann, "Side", in_sidebar=True)
        tile = keep(ann, "Tile", on_dashboard=True, icon="pets")
        keep(bob, "Bobs view", in_sidebar=True, on_dashboard=True, shared=True)
        from tests.factories import make_library

        make_library()
        client = Client()
        client.force_login(ann)

        page = client.get(reverse("admin:index")).content.decode()

        assert f"/browse/?view={side.pk}" in page
        assert f'data-view-count="{tile.pk}"' in page
        assert "Bobs view" not in page

    def test_cost_no_query_each(self, ann: User) -> None:
        client = Client()
        client.force_login(ann)

        def cost() -> int:
            with CaptureQueriesContext(connection) as caught:
                client.get(reverse("admin:library_tag_changelist"))
            return len(caught)

        keep(ann, in_sidebar=True)
        cost()
        few = cost()
        for number in range(12):
            keep(ann, f"View {number}", query="walk", in_sidebar=True)
        assert cost() == few


class TestAdmin:
    @pytest.fixture
    def client(self, ann: User) -> Client:
        client = Client()
        client.force_login(ann)
        return client

    def form(self, **values: Any) -> dict[str, Any]:
        return {
            "name": "Walks", "icon": "pets", "query": "walk", "ordering": "", "layout": "grid",
            "zoom": "m", "page_size": "60", "columns": "", **values,
        }  # fmt: skip

    def test_makes_and_changes_ones_own(self, client: Client, ann: User) -> None:
        client.post(reverse("admin:browse_savedview_add"), self.form())
        view = SavedView.objects.get(owner=ann, name="Walks", icon="pets", query="walk")

        form = self.form(name="Long walks", shared="on", version=view.version)
        client.post(reverse("admin:browse_savedview_change", args=[view.pk]), form)

        view.refresh_from_db()
        assert (view.name, view.shared, view.version) == ("Long walks", True, 2)

    def test_asks_for_playlists_of_ones_own(self, client: Client, ann: User) -> None:
        make_playlist(owner=ann, name="private")

        client.post(reverse("admin:browse_savedview_add"), self.form(query="playlist:private"))

        assert SavedView.objects.filter(owner=ann, query="playlist:private").exists()

    def test_says_what_is_wrong(self, client: Client, ann: User) -> None:
        for values, said in (
            ({"query": "nonsense:1"}, "There is no field “nonsense”"),
            ({"ordering": "colour"}, "There is no key"),
            ({"columns": "title nonsense"}, "There is no column named nonsense"),
            ({"icon": "nonsense"}, "Select a valid choice"),
        ):
            answer = client.post(reverse("admin:browse_savedview_add"), self.form(**values))
            assert said in unescape(answer.content.decode())
        keep(ann, "Walks")
        again = client.post(reverse("admin:browse_savedview_add"), self.form(), follow=True)
        assert "There is a view named “Walks” already" in unescape(again.content.decode())

    def test_deletes_only_ones_own_of_those_that_are_chosen(
        self, client: Client, ann: User, bob: User
    ) -> None:
        mine, shared = keep(ann, "Mine"), keep(bob, "Shared", shared=True)

        def delete(*views: SavedView) -> int:
            chosen = {"_selected_action": [view.pk for view in views]}
            asked = {"action": "delete_selected", "post": "yes", **chosen}
            return client.post(reverse("admin:browse_savedview_changelist"), asked).status_code

        assert delete(mine, shared) == 403
        assert SavedView.objects.count() == 2
        assert delete(mine) == 302
        assert list(SavedView.objects.all()) == [shared]

    def test_lists_what_one_may_use_and_changes_nothing_else(
        self, client: Client, bob: User
    ) -> None:
        shared, private = keep(bob, "Shared", shared=True), keep(bob, "Private")

        page = client.get(reverse("admin:browse_savedview_changelist")).content.decode()

        assert "Shared" in page
        assert "Private" not in page
        change = reverse("admin:browse_savedview_change", args=[shared.pk])
        assert client.get(change).status_code == 200  # to be read
        assert client.post(change, self.form(name="X")).status_code == 403
        assert client.get(
            reverse("admin:browse_savedview_change", args=[private.pk])
        ).status_code in (302, 404)
        shared.refresh_from_db()
        assert shared.name == "Shared"
