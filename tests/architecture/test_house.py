"""The rules of the house that no linter knows."""

import ast
import re
from pathlib import Path

from django.dispatch import Signal

from apps.jobs.registry import all_tasks
from apps.library import signals

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path
    for folder in ("apps", "mediahub")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
LONGEST_MODULE, LONGEST_FUNCTION = 300, 40
FORBIDDEN = {"utils", "helpers", "common", "misc", "methods", "tools", "manager"}

# Where a rule costs more than it gives, with the reason.
LONG_MODULES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_module_is_too_long() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}

    assert {
        name: length
        for name, length in lengths.items()
        if length > LONGEST_MODULE and name not in LONG_MODULES
    } == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{name_of(path)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert {
        name: length
        for name, length in lengths.items()
        if length > LONGEST_FUNCTION and name not in LONG_FUNCTIONS
    } == {}


def test_modules_are_named_for_what_they_do() -> None:
    assert {
        name_of(path) for path in MODULES if FORBIDDEN & {*path.relative_to(ROOT).parts, path.stem}
    } == set()


def test_every_setting_is_documented() -> None:
    read = "".join(
        (ROOT / "mediahub/settings" / name).read_text() for name in ("base.py", "web.py")
    )
    settings = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', read))
    documented = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs/settings.md").read_text()))

    assert settings <= documented
    assert {name for name in documented if name.startswith("MEDIAHUB_")} <= settings | {
        "MEDIAHUB_ENV_FILE"
    }


def test_every_signal_is_documented() -> None:
    ours = {name for name, value in vars(signals).items() if isinstance(value, Signal)}
    documented = (ROOT / "docs/signals.md").read_text()

    assert ours
    assert all(f"`apps.library.signals.{name}`" in documented for name in ours)


def test_every_command_is_tested() -> None:
    commands = {path.stem for path in MODULES if path.match("management/commands/[a-z]*.py")}
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))

    assert {name for name in commands if f'"{name}"' not in tests} == set()


def test_tasks_are_named_after_their_app() -> None:
    for task in all_tasks():
        app, _, verb = task.name.partition(".")
        assert verb.isidentifier()
        assert app == "tests" or list((ROOT / "apps" / app).glob("tasks*"))


def test_every_document_that_is_linked_exists() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
