"""What settings are worth on confirmed faces."""

import pytest

from apps.faces.choices import Engine, Verdict
from apps.faces.models import TrackVector
from apps.faces.services import preview
from tests.faces.factories import alike, make_identity, make_track, person

pytestmark = pytest.mark.django_db


def confirm_people(people: int, faces: int, *, similarity: float = 0.9, **values: object) -> list:
    tracks = []
    for number in range(people):
        identity = make_identity()
        for face in range(faces):
            vector = alike(person(number), similarity, 10 * number + face + 1)
            tracks.append(
                make_track(
                    vector=vector, identity=identity, verdict=Verdict.CONFIRMED, **values
                )
            )  # fmt: skip
    return tracks


def test_counts_pairs_of_one_person_and_of_two() -> None:
    confirm_people(3, 2)
    make_track(identity=make_identity())  # of whom nobody has spoken

    seen = preview.preview({})

    assert (seen.faces, seen.people) == (6, 3)
    assert (sum(seen.same), sum(seen.different)) == (3, 12)
    assert len(seen.edges) == len(seen.same) + 1
    assert (seen.precision, seen.recall) == (1.0, 1.0)


def test_gives_fewer_names_the_surer_they_must_be() -> None:
    confirm_people(4, 2, similarity=0.72)  # pairs of one person are about 0.5 alike

    lax, strict = (preview.preview({"apply_one_in": n}) for n in (10, 1_000_000))

    assert lax.threshold < strict.threshold
    assert lax.recall is not None
    assert strict.recall is not None
    assert lax.recall > strict.recall


def test_leaves_out_what_the_gates_would() -> None:
    confirm_people(1, 2)
    confirm_people(1, 1, norm=8.0)
    confirm_people(1, 1, size_px=20)

    assert preview.preview({}).faces == 2
    assert preview.preview({"minimum_norm": 7.0, "minimum_size_px": 10}).faces == 4


def test_says_nothing_where_nothing_is_confirmed() -> None:
    seen = preview.preview({})

    assert (seen.faces, seen.precision, seen.recall) == (0, None, None)


def test_refuses_an_engine_that_nobody_knows() -> None:
    with pytest.raises(preview.NothingToCompare):
        preview.preview({"engine": "magic-1"})


def test_compares_engines_on_the_same_faces() -> None:
    tracks = confirm_people(2, 2)
    for number, track in enumerate(tracks[:3]):
        vector = alike(person(number // 2), 0.97, number + 1).astype("<f2").tobytes()
        TrackVector.objects.create(track=track, engine=Engine.YUNET_DLIB, vector=vector, norm=12)

    compared = preview.compare_engines()

    assert [(each.engine, each.faces) for each in compared] == [
        (Engine.YUNET_SFACE, 3), (Engine.YUNET_DLIB, 3),
    ]  # fmt: skip


def test_costs_the_same_for_many_faces(django_assert_max_num_queries) -> None:
    confirm_people(2, 3)
    preview.preview({})

    with django_assert_max_num_queries(2):
        preview.preview({})
