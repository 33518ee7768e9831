"""Groups of faces: whatever is given, what people said holds, and the order doesn't matter."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from apps.faces.choices import Engine
from apps.faces.engines import calibration
from apps.faces.grouping import Thresholds, bcubed, for_size, group
from apps.faces.grouping.constraints import Constraints, misplaced
from apps.faces.grouping.graph import faces_of as faces_of_edges
from apps.faces.grouping.graph import neighbours, others_of
from apps.faces.grouping.linkage import link, sum_up
from apps.faces.grouping.placing import Face, apart_of, decide
from benchmarks.faces_grouping import invent

AS_EVER = Thresholds(
    join=0.5, merge=0.4, least_merged=1, join_norm=9, seed_norm=10.5, likely=0.36, lead=0.05
)


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths: NDArray[np.float32] = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / lengths).astype(np.float32)


def faces_of(seed: int, count: int, people: int = 5) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    middles = random.standard_normal((people, 16))
    rows = middles[random.integers(0, people, count)] + 0.5 * random.standard_normal((count, 16))
    return unit(rows.astype(np.float32))


def grouped(vectors: NDArray[np.float32], **said: object) -> NDArray[np.int64]:
    given_: dict[str, object] = {
        "norms": np.full(len(vectors), 12, np.float32), "fixed": np.full(len(vectors), -1),
        "thresholds": AS_EVER,
    }  # fmt: skip
    return group(vectors, **(given_ | said))  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 50))
def test_constraints_hold_and_the_order_does_not_matter(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    vectors = faces_of(seed, count)
    norms = random.choice([8, 9.5, 12], count).astype(np.float32)
    fixed = np.where(random.random(count) < 0.2, random.integers(3, 8, count), -1)
    apart = random.integers(0, count, (2 * count, 2))
    together = (fixed[apart[:, 0]] >= 0) & (fixed[apart[:, 0]] == fixed[apart[:, 1]])
    apart = apart[(apart[:, 0] != apart[:, 1]) & ~together]
    rejected = np.stack([random.integers(0, count, 8), random.integers(0, 9, 8)], axis=1)
    rejected = rejected[fixed[rejected[:, 0]] != rejected[:, 1]]

    labels = grouped(vectors, norms=norms, fixed=fixed, apart_frames=apart, rejected=rejected)

    assert (labels[fixed >= 0] == fixed[fixed >= 0]).all()
    one, other = labels[apart].T
    assert not ((one == other) & (one >= 0)).any()
    assert not (labels[rejected[:, 0]] == rejected[:, 1]).any()
    assert (labels[(norms < 9) & (fixed < 0)] == -1).all()
    seeds = set(labels[(norms >= 10.5) | (fixed >= 0)].tolist())
    assert set(labels.tolist()) <= seeds | {-1}, "a group begins with a clear face"

    order = random.permutation(count)
    back = np.argsort(order)
    mixed = grouped(
        vectors[order], norms=norms[order], fixed=fixed[order], apart_frames=back[apart],
        rejected=np.stack([back[rejected[:, 0]], rejected[:, 1]], axis=1),
    )  # fmt: skip
    assert (mixed == labels[order]).all()


@pytest.mark.parametrize(("beside", "is_one"), [(0.2, True), (0.42, False), (0.48, False)])
def test_a_face_comes_to_whom_it_is_likely_only_far_before_others(
    beside: float, is_one: bool
) -> None:
    one, other, third = np.eye(3, 16, dtype=np.float32)
    rows = [one, 0.45 * one + 0.89 * other, beside * one + (1 - beside**2) ** 0.5 * third]

    labels = grouped(unit(np.stack(rows)))
    apart = grouped(unit(np.stack(rows)), apart_frames=np.array([[0, 1]]))

    assert (labels[0] == labels[1]) == is_one
    assert apart[0] != apart[1]
    assert grouped(unit(np.stack(rows)), thresholds=replace(AS_EVER, lead=None)).max() == 2


@pytest.mark.parametrize(("faces", "people"), [(400, 60), (3_000, 600)])
def test_finds_people_among_faces_like_those_of_photographs(faces: int, people: int) -> None:
    vectors, truth = invent(faces, people)
    thresholds = for_size(faces, calibration(Engine.YUNET_SFACE))

    found = bcubed(grouped(vectors, thresholds=thresholds), truth)

    assert found.f1 > 0.97
    assert found.precision > 0.98


def test_of_many_faces_near_cells_are_compared_and_little_is_missed() -> None:
    vectors, _ = invent(3_000, 600)
    order = np.arange(len(vectors))

    every = neighbours(vectors, order, floor=0.5)
    found = neighbours(vectors, order, floor=0.5, flat_below=0)

    one, other = faces_of_edges(found), others_of(found)
    assert (one != other).all()
    assert (np.einsum("ij,ij->i", vectors[one], vectors[other]) > 0.499).all()
    assert len(np.unique(one)) > 0.98 * len(np.unique(faces_of_edges(every)))


def test_without_faces_there_are_no_groups() -> None:
    assert len(grouped(np.zeros((0, 16), np.float32))) == 0


def test_two_who_look_alike_but_are_seen_together_are_two() -> None:
    """Twins: each of ten videos has both; neither of them is broken into ten."""
    random = np.random.default_rng(1)
    middle = random.standard_normal(64)
    aside = random.standard_normal(64)
    twins = np.repeat([middle + 0.35 * aside, middle - 0.35 * aside], 10, axis=0)
    vectors = unit((twins + 0.35 * random.standard_normal((20, 64))).astype(np.float32))
    pairs = np.stack([np.arange(10), np.arange(10, 20)], axis=1)

    assert len(set(grouped(vectors).tolist())) == 1
    labels = grouped(vectors, apart_frames=pairs)

    assert (labels[:10] != labels[10:]).all()
    assert len(set(labels.tolist())) <= 4


def test_a_confirmed_face_brings_its_group_along() -> None:
    vectors = faces_of(3, 30, people=1)
    fixed = np.full(30, -1)
    fixed[4] = 77

    assert set(grouped(vectors, fixed=fixed).tolist()) == {77}


def test_settled_people_are_never_joined_however_alike() -> None:
    vectors = faces_of(3, 30, people=1)
    fixed = np.full(30, -1)
    fixed[[4, 5]] = 77, 78

    assert set(grouped(vectors, fixed=fixed).tolist()) == {77, 78}


def test_of_faces_that_clash_the_stronger_stays() -> None:
    apart = np.array([[0, 1], [1, 2], [2, 3]])
    leaves = misplaced(
        np.zeros(4, np.int64), np.array([0.9, 0.8, 0.7, 0.6]), Constraints(apart),
        held=np.zeros(4, bool),
    )  # fmt: skip
    assert leaves.tolist() == [False, True, False, True]


def test_average_linkage_is_that_of_one_after_the_other() -> None:
    """Beside the plain way: merge the most alike pair, again and again."""
    vectors = faces_of(11, 40, people=8)
    groups = sum_up(vectors, np.arange(40), np.arange(40), 40)
    everybody = np.ones(40, bool)

    roots = link(groups, merge=0.45, join=0.45, taking_part=everybody, settled=~everybody,
                 apart=np.empty((0, 2), np.int64))  # fmt: skip

    sets = [[at] for at in range(40)]
    likeness = vectors @ vectors.T
    while True:
        best = max(
            ((float(likeness[np.ix_(a, b)].mean()), n, m) for n, a in enumerate(sets)
             for m, b in enumerate(sets) if n < m),
        )  # fmt: skip
        if best[0] < 0.45:
            break
        sets[best[1]] += sets.pop(best[2])
    assert sorted(sorted(np.flatnonzero(roots == r).tolist()) for r in set(roots.tolist())) == (
        sorted(map(sorted, sets))
    )


@given(faces=st.integers(0, 5_000_000))
def test_thresholds_only_grow_with_the_library(faces: int) -> None:
    for engine in (Engine.YUNET_SFACE, Engine.HOG_DLIB):
        known = calibration(engine)
        some, more = for_size(faces, known), for_size(faces * 2, known)
        assert 0 < some.join <= more.join < 1
        assert 0 < some.merge <= more.merge <= more.join


def test_b_cubed_of_known_groups() -> None:
    found = bcubed(np.array([0, 0, 0, -1]), np.array([5, 5, 6, 6]))
    assert found.precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)
    assert found.recall == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)
    assert bcubed(np.array([], np.int64), np.array([], np.int64)).f1 == 1


def test_a_face_takes_the_next_best_where_the_best_is_taken() -> None:
    vectors = unit(np.array([[1, 0.1], [1, 0.2]], np.float32))
    likeness = np.array([[0.9, 0.6], [0.8, 0.7]], np.float32)
    faces = [Face(12, apart=frozenset([1])), Face(11, apart=frozenset([0]))]

    decided = decide(faces, vectors, likeness, np.array([7, 8]), AS_EVER)

    assert decided.chosen == [7, 8]
    assert apart_of({0: (1, frozenset([5])), 1: (1, frozenset([5])), 2: (2, frozenset([5]))}) == {
        0: {1}, 1: {0}, 2: set()
    }  # fmt: skip
