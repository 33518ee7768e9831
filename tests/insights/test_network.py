"""Who appears with whom."""

from itertools import combinations
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.insights.services.communities import communities
from apps.insights.services.network import Network, make_network
from apps.library.models import PerformerImage
from apps.library.search import Asker, Question
from tests.client import Api
from tests.factories import make_performer, make_tag, make_user, make_video


def ask(query: str = "", *, limit: int = 100, least_weight: int = 1) -> Network:
    question = Question.read(query, asker=Asker.of(None))
    return make_network(question, limit=limit, least_weight=least_weight)


def names(found: Network) -> dict[str, int]:
    return {node.label: node.video_count for node in found.nodes}


@pytest.mark.django_db
class TestNetwork:
    def test_counts_videos_of_performers_and_of_pairs(self) -> None:
        ada, bea, cyd, solo = (make_performer(name) for name in ("Ada", "Bea", "Cyd", "Solo"))
        for cast in ([ada, bea], [ada, bea, cyd], [ada], [solo]):
            make_video(performers=cast)

        found = ask()

        assert names(found) == {"Ada": 3, "Bea": 2, "Cyd": 1}
        assert found.edges == [(ada.pk, bea.pk, 2), (ada.pk, cyd.pk, 1), (bea.pk, cyd.pk, 1)]
        assert (found.matching, found.alone, found.edge_count) == (4, 1, 3)

    def test_of_a_query_counts_its_videos_alone(self) -> None:
        ada, bea, cyd = (make_performer(name) for name in ("Ada", "Bea", "Cyd"))
        sea = make_tag("sea")
        make_video(performers=[ada, bea], tags=[sea])
        make_video(performers=[ada, bea, cyd])

        found = ask("tag:sea")

        assert (names(found), found.edges) == ({"Ada": 1, "Bea": 1}, [(ada.pk, bea.pk, 1)])
        assert (found.matching, found.query) == (2, "tag:sea")

    def test_takes_those_in_most_videos_and_pairs_of_a_weight(self) -> None:
        ada, bea, cyd = (make_performer(name) for name in ("Ada", "Bea", "Cyd"))
        for cast in ([ada, bea], [ada, bea], [ada, cyd]):
            make_video(performers=cast)

        assert names(ask(limit=2)) == names(ask(least_weight=2)) == {"Ada": 3, "Bea": 2}
        assert (ask(limit=2).matching, ask(limit=2).alone) == (3, 0)

    @pytest.mark.parametrize("query", ["", "tag:none is:missing", "rating>5"])
    def test_of_nothing_is_empty(self, query: str) -> None:
        assert ask(query).nodes == []

    def test_shows_the_first_picture(self) -> None:
        ada, bea = make_performer("Ada"), make_performer("Bea")
        make_video(performers=[ada, bea])
        late, first = (
            PerformerImage.objects.create(
                performer=ada, position=place, image=ContentFile(b"x", name=f"{place}.png")
            )
            for place in (2, 1)
        )

        images = {node.label: node.image for node in ask().nodes}

        assert images == {"Ada": first.pk, "Bea": None}
        assert late.pk != first.pk

    def test_many_cost_the_queries_of_few(self) -> None:
        cast = [make_performer() for _ in range(2)]
        make_video(performers=cast)
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                ask("-is:missing")
            counts.append(len(queries))
            make_video(performers=[*cast, *(make_performer() for _ in range(6))])

        assert counts[0] == counts[1]


class TestAnyCasts(TestCase):
    """Edges equal what counting in Python gives, and each weight what Browse would count."""

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(casts=st.lists(st.sets(st.integers(0, 5), max_size=4), max_size=8))
    def test_edges_are_those_of_a_count_by_hand(self, casts: list[set[int]]) -> None:
        people = [make_performer(f"Person {n}") for n in range(6)]
        for cast in casts:
            make_video(performers=[people[n] for n in cast])
        weights: dict[tuple[int, int], int] = {}
        for cast in casts:
            for pair in combinations(sorted(people[n].pk for n in cast), 2):
                weights[pair] = weights.get(pair, 0) + 1

        found = ask()

        assert {(one, other): weight for one, other, weight in found.edges} == weights
        label = {node.id: node.label for node in found.nodes}
        for one, other, weight in found.edges:
            query = f'performer:"{label[one]}" performer:"{label[other]}"'
            assert Question.read(query, asker=Asker.of(None)).videos().count() == weight


class TestCommunities:
    def test_two_groups_with_a_bridge_are_told_apart(self) -> None:
        edges = [(1, 2, 5), (1, 3, 5), (2, 3, 5), (3, 4, 1), (4, 5, 5), (4, 6, 5), (5, 6, 5)]

        found = communities([1, 2, 3, 4, 5, 6], edges)

        assert found == {1: 0, 2: 0, 3: 0, 4: 1, 5: 1, 6: 1}

    @settings(deadline=None)
    @given(
        edges=st.lists(
            st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 9)), max_size=60
        )
    )
    def test_every_node_is_in_one_and_the_largest_come_first(
        self, edges: list[tuple[int, int, int]]
    ) -> None:
        nodes = list(range(21))
        edges = [edge for edge in edges if edge[0] != edge[1]]

        found, again = communities(nodes, edges), communities(nodes, edges)

        sizes = [list(found.values()).count(number) for number in range(max(found.values()) + 1)]
        assert found == again
        assert list(found) == nodes
        assert sizes == sorted(sizes, reverse=True)
        assert 0 not in sizes

    @settings(deadline=None)
    @given(size=st.integers(2, 6), count=st.integers(2, 5))
    def test_what_nothing_joins_is_apart(self, size: int, count: int) -> None:
        groups = [range(n * size, (n + 1) * size) for n in range(count)]
        edges = [(one, other, 1) for group in groups for one, other in combinations(group, 2)]

        found = communities(list(range(size * count)), edges)

        assert [{found[node] for node in group} for group in groups] == [{n} for n in range(count)]


class TestEdges:
    def test_the_api_answers_with_nodes_and_edges(self, api: Api) -> None:
        ada, bea = (
            make_performer("Ada", disambiguation="poet", favorite=True),
            make_performer("Bea"),
        )
        make_video(performers=[ada, bea])

        answer = api.get("performers/graph/", limit="10").json()

        assert answer["nodes"][0] == {
            "id": ada.pk, "name": "Ada", "label": "Ada (poet)", "video_count": 1,
            "favorite": True, "image": None, "community": 0,
        }  # fmt: skip
        assert answer["edges"] == [{"source": ada.pk, "target": bea.pk, "weight": 1}]

    @pytest.mark.parametrize(
        "asked",
        [
            {"q": "a:b"}, {"limit": "0"}, {"limit": "5001"}, {"limit": "00000000199999"},
            {"min_weight": "x"}, {"n": "1"},
        ],
    )  # fmt: skip
    def test_the_api_refuses_nonsense(self, api: Api, asked: dict[str, str]) -> None:
        assert api.get("performers/graph/", **asked).status_code == 400

    @pytest.mark.parametrize("asked", [{}, {"q": "colour:red"}, {"limit": "x", "min_weight": "9"}])
    def test_the_page_always_answers(self, db: None, asked: dict[str, Any]) -> None:
        client = Client()
        client.force_login(make_user(superuser=True))

        page = client.get(reverse("admin:insights_graph"), asked)

        assert page.status_code == 200
        assert ("There is no field" in page.content.decode()) == ("q" in asked)
