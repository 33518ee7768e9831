"""How busy and how well supplied a machine is, as its kernel says."""

from pathlib import Path

from apps.machines.host import HostReading, look

MEMINFO = "MemTotal:       16000 kB\nMemFree:  1000 kB\nMemAvailable:    4000 kB\n"


def kernel(root: Path, **files: str) -> HostReading:
    """What is read from a kernel that shows just these files; ``__`` stands for ``/``."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return look(root, root=root)


def test_a_silent_kernel_leaves_everything_open(tmp_path: Path) -> None:
    found = kernel(tmp_path)

    assert (found.load_per_core, found.memory_bytes, found.memory_percent) == (None, None, None)
    assert (found.on_battery, found.battery_percent) == (None, None)
    assert found.disk_free_bytes is not None
    assert found.cores >= 1


def test_the_load_is_each_cores(tmp_path: Path) -> None:
    found = kernel(tmp_path, proc__loadavg="6.00 4.00 2.00 3/900 4711\n")

    assert found.load_per_core == round(6 / found.cores, 2)


def test_the_machines_memory(tmp_path: Path) -> None:
    found = kernel(tmp_path, proc__meminfo=MEMINFO)

    assert (found.memory_bytes, found.memory_available_bytes) == (16_384_000, 4_096_000)
    assert found.memory_percent == 25


def test_a_containers_bound_goes_before_it(tmp_path: Path) -> None:
    cgroup = "sys__fs__cgroup__memory"
    files = {"proc__meminfo": MEMINFO, f"{cgroup}.max": "8000000\n"}
    files |= {f"{cgroup}.current": "7000000\n", f"{cgroup}.stat": "anon 1\ninactive_file 500000\n"}

    found = kernel(tmp_path, **files)

    assert (found.memory_bytes, found.memory_available_bytes) == (8_000_000, 1_500_000)


def test_no_bound_is_none(tmp_path: Path) -> None:
    found = kernel(tmp_path, proc__meminfo=MEMINFO, **{"sys__fs__cgroup__memory.max": "max\n"})

    assert found.memory_bytes == 16_384_000


def test_older_kernels_bound_elsewhere(tmp_path: Path) -> None:
    cgroup = "sys__fs__cgroup__memory__memory"
    files = {f"{cgroup}.limit_in_bytes": "8000000", f"{cgroup}.usage_in_bytes": "2000000"}
    files[f"{cgroup}.stat"] = "total_inactive_file 1000000\n"

    found = kernel(tmp_path, proc__meminfo=MEMINFO, **files)

    assert (found.memory_bytes, found.memory_available_bytes) == (8_000_000, 4_096_000)


SUPPLY = "sys__class__power_supply"


def test_on_mains(tmp_path: Path) -> None:
    files = {f"{SUPPLY}__AC__type": "Mains", f"{SUPPLY}__AC__online": "1"}
    files |= {f"{SUPPLY}__BAT0__type": "Battery", f"{SUPPLY}__BAT0__capacity": "93"}

    found = kernel(tmp_path, **files, **{f"{SUPPLY}__BAT0__status": "Charging"})

    assert (found.on_battery, found.battery_percent) == (False, 93)


def test_on_battery(tmp_path: Path) -> None:
    files = {f"{SUPPLY}__AC__type": "Mains", f"{SUPPLY}__AC__online": "0"}
    files |= {f"{SUPPLY}__BAT0__type": "Battery", f"{SUPPLY}__BAT0__capacity": "41"}

    found = kernel(tmp_path, **files, **{f"{SUPPLY}__BAT0__status": "Discharging"})

    assert (found.on_battery, found.battery_percent) == (True, 41)


def test_a_mouse_has_a_battery_of_its_own(tmp_path: Path) -> None:
    files = {f"{SUPPLY}__mouse__type": "Battery", f"{SUPPLY}__mouse__scope": "Device"}

    found = kernel(tmp_path, **files, **{f"{SUPPLY}__mouse__capacity": "3"})

    assert (found.on_battery, found.battery_percent) == (None, None)
