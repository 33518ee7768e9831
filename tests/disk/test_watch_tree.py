"""Paths of watches through renames, against plain dictionaries."""

from hypothesis import given
from hypothesis import strategies as st

from apps.disk.watch_mounts import file_system_of, tells_of_changes
from apps.disk.watch_tree import WatchTree

_path = st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=3).map(b"/".join)
_steps = st.lists(
    st.tuples(st.sampled_from(["place", "remove", "move", "forget"]), _path, _path), max_size=40
)


def _inside(path: bytes, top: bytes) -> bool:
    return path == top or not top or path.startswith(top + b"/")


@given(_steps)
def test_knows_every_path_that_a_dictionary_knows(
    steps: list[tuple[str, bytes, bytes]],
) -> None:
    tree, model = WatchTree(), dict[bytes, int]()
    for number, (deed, path, other) in enumerate(steps):
        if deed == "place":
            tree.place(path, number)
            model[path] = number
        elif deed == "forget":
            tree.forget(model.pop(path, -5))
        elif deed == "remove":
            below = [each for each in model if _inside(each, path)]
            assert sorted(tree.remove(path)) == sorted(model.pop(each) for each in below)
        elif path and other and not _inside(other, path) and not _inside(path, other):
            moved = {each: model.pop(each) for each in list(model) if _inside(each, path)}
            if moved:
                replaced = [each for each in model if _inside(each, other)]
                watches = sorted(model.pop(each) for each in replaced)
                assert sorted(tree.move(path, other)) == watches
                model |= {other + each[len(path) :]: number for each, number in moved.items()}

        assert {tree.path_of(watch): watch for watch in model.values()} == model
        assert len(tree) == len(model)
        assert all(tree.has(each) for each in model)


def test_a_watch_that_stands_for_another_folder_now_leaves_the_old_one() -> None:
    tree = WatchTree()
    tree.place(b"a", 1)
    tree.place(b"b", 1)

    assert (tree.path_of(1), tree.has(b"a"), len(tree)) == (b"b", False, 1)


MOUNTS = rb"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 27 0:50 / /mnt/my\040share rw - nfs4 server:/export rw
41 27 0:51 / /mnt/cloud rw - fuse.rclone remote: rw
42 27 0:52 / /mnt/twice rw - ext4 /dev/vdb rw
43 42 0:53 / /mnt/twice rw - cifs //nas/films rw
""".strip()


def test_finds_the_file_system_of_a_path() -> None:
    found = {
        path: file_system_of(path, MOUNTS)
        for path in (b"/srv", b"/mnt/my share/films", b"/mnt/my", b"/mnt/cloud", b"/mnt/twice/a")
    }

    assert list(found.values()) == ["ext4", "nfs4", "ext4", "fuse.rclone", "cifs"]


def test_knows_which_file_systems_tell_of_changes() -> None:
    telling = ["ext4", "btrfs", "xfs", "zfs", "tmpfs", "overlay", "fuseblk", "ntfs3", "exfat"]
    silent = ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "virtiofs", "fuse", "fuse.sshfs"]

    assert all(map(tells_of_changes, telling))
    assert not any(map(tells_of_changes, silent))
