"""The graphics cards that the kernel itself shows."""

from pathlib import Path

from apps.core.render_nodes import RenderNode, render_nodes


def show(root: Path, name: str, driver: str, bus_id: str) -> None:
    """As below ``/sys/class/drm`` and ``/dev/dri``."""
    (root / "drivers" / driver).mkdir(parents=True, exist_ok=True)
    (root / "devices" / bus_id).mkdir(parents=True)
    (root / "devices" / bus_id / "driver").symlink_to(root / "drivers" / driver)
    (root / "drm" / name).mkdir(parents=True)
    (root / "drm" / name / "device").symlink_to(root / "devices" / bus_id)
    (root / "dri").mkdir(exist_ok=True)
    (root / "dri" / name).touch()


def test_cards_of_intel_and_amd_by_their_place_on_the_bus(tmp_path: Path) -> None:
    show(tmp_path, "renderD129", "amdgpu", "0000:03:00.0")
    show(tmp_path, "renderD128", "i915", "0000:00:02.0")
    show(tmp_path, "renderD130", "nvidia", "0000:04:00.0")  # NVML's

    found = render_nodes(sys=tmp_path / "drm", dev=tmp_path / "dri")

    dri = tmp_path / "dri"
    assert found == (
        RenderNode(str(dri / "renderD128"), "0000:00:02.0", "i915", "Intel graphics"),
        RenderNode(str(dri / "renderD129"), "0000:03:00.0", "amdgpu", "AMD graphics"),
    )


def test_what_is_not_passed_into_the_container_is_no_card(tmp_path: Path) -> None:
    show(tmp_path, "renderD128", "i915", "0000:00:02.0")
    (tmp_path / "dri" / "renderD128").unlink()

    assert render_nodes(sys=tmp_path / "drm", dev=tmp_path / "dri") == ()


def test_without_any(tmp_path: Path) -> None:
    assert render_nodes(sys=tmp_path / "drm", dev=tmp_path / "dri") == ()
