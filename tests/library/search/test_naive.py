"""The compiled statement finds what the same query means in plain Python."""

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings

from apps.library.models import Video
from apps.library.search import Asker, Question
from apps.query import Node, none_of, parse, show
from tests.library.search.facts import World, make_world
from tests.library.search.naive import asked
from tests.library.search.queries import leaves, queries

pytestmark = pytest.mark.django_db
_often = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip


def found(node: Node | None, world: World) -> list[int]:
    """By the index, which tells all that are few, and by asking each video."""
    question = Question.of(node, asker=Asker(world.user_id, world.now))
    by_index, each = question.videos(), Video.objects.filter(question.condition)
    ids = list(by_index.order_by("pk").values_list("pk", flat=True))
    assert ids == list(each.order_by("pk").values_list("pk", flat=True)), show(node)
    return ids


@pytest.mark.parametrize("seed", range(4))
def test_finds_what_a_query_means(seed: int) -> None:
    cache.clear()
    world = make_world(seed)

    @_often
    @given(queries(world))
    def agree(node: Node) -> None:
        assert found(node, world) == sorted(asked(node, world)), show(node)

    agree()


@pytest.mark.parametrize("seed", range(4, 6))
def test_a_negation_is_exactly_the_rest(seed: int) -> None:
    cache.clear()
    world = make_world(seed)
    everything = {video.pk for video in world.videos}

    @_often
    @given(leaves(world))
    def agree(node: Node) -> None:
        those = found(node, world)
        assert set(found(none_of(node), world)) == everything - set(those), show(node)
        assert those == sorted(asked(node, world)), show(node)
        assert found(parse(show(node)), world) == those

    agree()
