"""The embedded PostgreSQL, with real servers, real kills and, as root, a real service account."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from apps.core.errors import MediaHubError
from mediahub import postgres
from mediahub.postgres import cluster, programs
from mediahub.postgres.account import choose_account
from mediahub.postgres.filesystems import find_filesystem
from mediahub.postgres.locks import lock_within, try_lock

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
USER = """
import sys
from pathlib import Path
from mediahub import postgres
print(postgres.ensure(Path(sys.argv[1])).url, flush=True)
sys.stdin.read()
"""


@dataclass
class Account:
    """Who uses the server, and with which Python."""

    python: str = sys.executable
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Place:
    """A data folder, and processes of one account that use the server in it."""

    data_dir: Path
    account: Account
    processes: ExitStack = field(default_factory=ExitStack)

    @property
    def folder(self) -> Path:
        return self.data_dir / "postgres"

    def start_user(self) -> "subprocess.Popen[str]":
        user = subprocess.Popen(
            [self.account.python, "-c", USER, str(self.data_dir)], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, **self.account.options,
        )  # fmt: skip
        self.processes.enter_context(user)
        self.processes.callback(user.kill)
        return user

    def use(self) -> tuple["subprocess.Popen[str]", str]:
        """A process that has a lease, and the URL that it was given."""
        user = self.start_user()
        return user, read_url(user)

    def is_stopped(self) -> bool:
        """Wait for the end of the last server process."""
        return is_free(self.folder / "server.lock")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other accounts may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="mediahub-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["self", "nobody"])
def place(request: pytest.FixtureRequest, open_folder: Path) -> Iterator[Place]:
    """Once with this account; as root, also with an ordinary one."""
    account = Account()
    if request.param != "self":
        account = find_python_for(request.param)
        shutil.chown(open_folder, request.param)
    place = Place(open_folder / "data", account)
    with place.processes:
        yield place
    postgres.leave(place.data_dir)
    if place.folder.exists():  # a busy janitor may still be writing there
        is_free(place.folder / "janitor.lock")


def find_python_for(name: str) -> Account:
    """An ordinary account, and a Python that it may run: root's own is often out of its reach."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another account")
    environment = {"PATH": os.defpath, "PYTHONPATH": sysconfig.get_path("purelib")}
    group = pwd.getpwnam(name).pw_gid
    options = {"user": name, "group": group, "extra_groups": [], "env": environment}
    for python in (sys.executable, "/usr/bin/python3"):
        command = ["env", python, "-c", "import mediahub.postgres"]
        if subprocess.run(command, cwd=ROOT, capture_output=True, **options).returncode == 0:
            return Account(python, options)
    pytest.skip("needs a checkout and a Python 3.11 that other accounts may read")


def read_url(user: "subprocess.Popen[str]") -> str:
    assert user.stdout
    return user.stdout.readline().strip()


def is_free(lock: Path) -> bool:
    descriptor = lock_within(lock, seconds=PATIENCE_S)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is not None


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return next(iter(cursor.fetchone() or ())) if cursor.description else None


def server_pid(place: Place) -> int:
    data = cluster.find_data(place.folder)
    assert data
    return int((data / "postmaster.pid").read_text().split()[0])


def find_process(*words: str) -> int:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if all(word in line for word in words):
            return int(file.parent.name)
    raise AssertionError(words)


def test_eight_users_at_once_make_one_server(place: Place) -> None:
    users = [place.start_user() for _ in range(8)]
    urls = {read_url(user) for user in users}

    assert len(urls) == 1
    assert ask(urls.pop(), "SELECT count(*) FROM pg_database WHERE datname = 'mediahub'") == 1


def test_server_ends_after_the_last_user_was_killed(place: Place) -> None:
    first, _ = place.use()
    second, url = place.use()
    first.kill()
    first.wait()

    assert ask(url, "SELECT 1") == 1
    second.kill()
    second.wait()
    assert place.is_stopped()


def test_leaving_stops_only_what_nobody_else_uses(tmp_path: Path) -> None:
    place = Place(tmp_path, Account())
    with place.processes:
        other, url = place.use()
        postgres.ensure(tmp_path)

        assert postgres.leave(tmp_path) is False
        assert ask(url, "SELECT 1") == 1
        other.kill()
        other.wait()
        assert postgres.leave(tmp_path) is True


def test_killed_server_comes_back_with_all_that_it_acknowledged(place: Place) -> None:
    _, url = place.use()
    ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(server_pid(place), signal.SIGKILL)

    _, url = place.use()

    assert ask(url, "SELECT answer FROM kept") == 42


def test_pid_file_that_names_another_program_is_no_hindrance(place: Place) -> None:
    user, _ = place.use()
    user.kill()
    user.wait()
    assert place.is_stopped()
    data = cluster.find_data(place.folder)
    assert data
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")

    _, url = place.use()

    assert ask(url, "SELECT 1") == 1


def test_killed_janitor_is_replaced(place: Place) -> None:
    place.use()
    os.kill(find_process("mediahub.postgres.janitor", str(place.folder)), signal.SIGKILL)
    assert is_free(place.folder / "janitor.lock")

    place.use()

    assert try_lock(place.folder / "janitor.lock") is None
    place.processes.close()
    assert place.is_stopped()


def test_interrupted_creation_leaves_no_half_cluster(place: Place) -> None:
    user = place.start_user()
    while user.poll() is None and not list(place.folder.glob("data-*.new*")):
        continue
    user.kill()
    user.wait()

    _, url = place.use()

    assert ask(url, "SELECT 1") == 1
    # what initdb still wrote when its parent was gone has another name, and is used by nobody
    assert [p.name for p in place.folder.glob("data-*") if ".new" not in p.name] == ["data-18"]


def test_role_is_no_superuser_and_nothing_listens_on_the_network(place: Place) -> None:
    _, url = place.use()

    assert ask(url, "SELECT current_setting('is_superuser')") == "off"
    assert ask(url, "SELECT current_setting('listen_addresses')") == ""
    assert server_owner(place) != 0


def server_owner(place: Place) -> int:
    return Path(f"/proc/{server_pid(place)}").stat().st_uid


def test_letters_beyond_ascii_have_cases_and_trigrams(place: Place) -> None:
    _, url = place.use()

    ask(url, "CREATE EXTENSION pg_trgm")
    assert ask(url, "SELECT upper('éß жук')") == "ÉSS ЖУК" or ask(url, "SELECT 'É' ILIKE 'é'")
    assert ask(url, "SELECT 'Жук' % 'жуки'") is True


def test_folder_with_a_long_and_odd_name(tmp_path: Path) -> None:
    data_dir = tmp_path / ("n" * 90) / "a, b 'c' é" / ("m" * 90)

    server = postgres.ensure(data_dir, fast=True)

    assert ask(server.url, "SELECT 1") == 1
    assert len(os.fsencode(server.host)) < 90
    assert postgres.leave(data_dir)


def test_throwaway_is_deleted_when_it_is_stopped(tmp_path: Path) -> None:
    server = postgres.ensure(tmp_path, fast=True)

    assert ask(server.url, "SELECT current_setting('fsync')") == "off"
    assert postgres.leave(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("binaries", sorted(Path("/usr/lib/postgresql").glob("*/bin")), ids=str)
def test_system_programs_serve_too(open_folder: Path, binaries: Path) -> None:
    server = postgres.ensure(open_folder, binaries=binaries, fast=True)

    assert ask(server.url, "SELECT version()")
    assert postgres.leave(open_folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_programs_in_a_closed_folder_are_copied_and_the_folder_stays_closed(
    tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(programs, "_PUBLIC_COPIES", open_folder / "cache")
    found = programs.find_programs(None, major=None)
    package = found.folder.parents[1]
    for part in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(part), tmp_path / part)
    closed = tmp_path / package.name / "pginstall"

    server = postgres.ensure(tmp_path / "data", binaries=closed / "bin", fast=True)

    assert ask(server.url, "SELECT 1") == 1
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert postgres.leave(tmp_path / "data")


@pytest.mark.parametrize(
    ("arrange", "code"),
    [
        (lambda data_dir: (data_dir / "postgres" / "data-9").mkdir(parents=True), "no_postgresql"),
        (lambda data_dir: (data_dir / "postgres").write_text(""), "data_folder_unusable"),
    ],
    ids=["made by a version that is not here", "not a folder"],
)
def test_what_cannot_be_had_is_said(
    tmp_path: Path, arrange: Callable[[Path], object], code: str
) -> None:
    arrange(tmp_path)

    with pytest.raises(MediaHubError) as caught:
        postgres.ensure(tmp_path)

    assert caught.value.code == code
    postgres.leave(tmp_path)


def test_named_programs_are_the_only_ones_tried(tmp_path: Path) -> None:
    with pytest.raises(programs.NoPrograms, match="MEDIAHUB_PG_BIN"):
        postgres.ensure(tmp_path, binaries=tmp_path)

    postgres.leave(tmp_path)


def test_own_account_serves_unless_root(tmp_path: Path) -> None:
    account = choose_account(None)

    assert (account.user is None) == (os.geteuid() != 0)
    assert account.user != 0


def test_file_system_is_that_of_the_nearest_mount() -> None:
    mounts = (
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "40 22 0:40 / /srv/my\\040films rw - nfs4 nas:/films rw\n"
        "41 22 0:41 / /srv/my\\040films/ssd rw - xfs /dev/sdb rw\n"
    )

    kinds = [
        find_filesystem(Path(path), mounts)
        for path in ("/srv/my films/data", "/srv/my films/ssd/data", "/srv/my films2")
    ]

    assert kinds == ["nfs4", "xfs", "ext4"]
