"""Groups of a network that keep to themselves: Louvain's method, in plain Python.

Blondel et al., "Fast unfolding of communities in large networks" (2008). Nodes are visited in the
order in which they are given and ties go to the smallest number, so that a network always falls
apart in the same way.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

Edge = tuple[int, int, int]
_Neighbours = Mapping[int, Mapping[int, float]]
_MOST_ROUNDS = 12
_LEAST_GAIN = 1e-12


def communities(nodes: Sequence[int], edges: Iterable[Edge]) -> dict[int, int]:
    """For each node the number of its community; 0 is the largest."""
    neighbours: dict[int, dict[int, float]] = {node: {} for node in nodes}
    for one, other, weight in edges:
        neighbours[one][other] = neighbours[one].get(other, 0) + weight
        neighbours[other][one] = neighbours[other].get(one, 0) + weight
    own = {node: node for node in nodes}
    level: _Neighbours = neighbours
    while True:
        moved = _move(level)
        if len(set(moved.values())) == len(level):
            return _numbered(own, nodes)
        own = {node: moved[community] for node, community in own.items()}
        level = _together(level, moved)


def _move(neighbours: _Neighbours) -> dict[int, int]:
    """Let nodes join the neighbour's community that gains most, until none does."""
    own = {node: node for node in neighbours}
    degree = {node: sum(weights.values()) for node, weights in neighbours.items()}
    totals = dict(degree)
    whole = sum(degree.values())
    if not whole:
        return own
    for _ in range(_MOST_ROUNDS):
        moves = 0
        for node, weights in neighbours.items():
            here = own[node]
            totals[here] -= degree[node]
            towards: dict[int, float] = defaultdict(float)
            for other, weight in weights.items():
                if other != node:
                    towards[own[other]] += weight
            own[node] = _best(here, towards, totals, share=degree[node] / whole)
            totals[own[node]] += degree[node]
            moves += own[node] != here
        if not moves:
            break
    return own


def _best(
    here: int, towards: Mapping[int, float], totals: Mapping[int, float], *, share: float
) -> int:
    """The community that a node belongs to most; its own unless another is truly better."""
    best, gain = here, towards.get(here, 0.0) - totals[here] * share
    for community in sorted(towards):
        gained = towards[community] - totals[community] * share
        if gained > gain + _LEAST_GAIN:
            best, gain = community, gained
    return best


def _together(neighbours: _Neighbours, own: Mapping[int, int]) -> dict[int, dict[int, float]]:
    """The network of communities. What is inside of one counts as its own neighbour."""
    level: dict[int, dict[int, float]] = {own[node]: {} for node in neighbours}
    for node, weights in neighbours.items():
        row = level[own[node]]
        for other, weight in weights.items():
            row[own[other]] = row.get(own[other], 0) + weight
    return level


def _numbered(own: Mapping[int, int], nodes: Sequence[int]) -> dict[int, int]:
    sizes = Counter(own.values())
    first = {community: number for number, community in reversed(list(enumerate(own.values())))}
    order = sorted(sizes, key=lambda community: (-sizes[community], first[community]))
    numbers = {community: number for number, community in enumerate(order)}
    return {node: numbers[own[node]] for node in nodes}
