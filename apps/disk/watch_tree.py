"""Which folder each watch stands for, through renames of whole trees."""

from collections.abc import Iterator


class _Node:
    __slots__ = ("children", "name", "parent", "watch")

    def __init__(self, name: bytes, parent: "_Node | None") -> None:
        self.name, self.parent = name, parent
        self.children: dict[bytes, _Node] = {}
        self.watch = -1


class WatchTree:
    """The watched folders by number and by path (below the root, which is ``b""``).

    A folder's path is made of its parents' names when it is asked for, so that a rename costs the
    same however much lies below.
    """

    def __init__(self) -> None:
        self._root = _Node(b"", None)
        self._by_watch: dict[int, _Node] = {}

    def __len__(self) -> int:
        return len(self._by_watch)

    def path_of(self, watch: int) -> bytes | None:
        """None for a watch that isn't kept any more."""
        node = self._by_watch.get(watch)
        if node is None:
            return None
        names = []
        while node.parent is not None:
            names.append(node.name)
            node = node.parent
        return b"/".join(reversed(names))

    def has(self, path: bytes) -> bool:
        node = self._find(path)
        return node is not None and node.watch >= 0

    def place(self, path: bytes, watch: int) -> None:
        """Note the watch on a folder; one that stood for another folder moves here."""
        node = self._root
        for name in _parts(path):
            node = node.children.setdefault(name, _Node(name, node))
        if (before := self._by_watch.get(watch)) not in {None, node}:
            before.watch = -1
        if node.watch != watch:
            self._by_watch.pop(node.watch, None)
        node.watch = watch
        self._by_watch[watch] = node

    def forget(self, watch: int) -> None:
        """The kernel has dropped a watch."""
        node = self._by_watch.pop(watch, None)
        if node is None:
            return
        node.watch = -1
        while node.parent is not None and node.watch < 0 and not node.children:
            del node.parent.children[node.name]
            node = node.parent

    def remove(self, path: bytes) -> list[int]:
        """Forget a folder and all below it; return the watches that were on them."""
        node = self._find(path)
        if node is None:
            return []
        watches = [each.watch for each in _all(node) if each.watch >= 0]
        for watch in watches:
            self._by_watch.pop(watch).watch = -1
        node.children.clear()
        if node.parent is not None:
            del node.parent.children[node.name]
        return watches

    def move(self, old: bytes, new: bytes) -> list[int]:
        """A folder has another path now, and with it all below it.

        Returns the watches on what stood at the new path before.
        """
        node = self._find(old)
        if node is None or node.parent is None or old == new:
            return []
        replaced = self.remove(new)
        del node.parent.children[node.name]
        *above, node.name = _parts(new)
        parent = self._root
        for name in above:
            parent = parent.children.setdefault(name, _Node(name, parent))
        node.parent = parent
        parent.children[node.name] = node
        return replaced

    def _find(self, path: bytes) -> _Node | None:
        node: _Node | None = self._root
        for name in _parts(path):
            if node is None:
                return None
            node = node.children.get(name)
        return node


def _parts(path: bytes) -> list[bytes]:
    return path.split(b"/") if path else []


def _all(node: _Node) -> Iterator[_Node]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(each.children.values())
