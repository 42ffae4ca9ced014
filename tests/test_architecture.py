"""The shape of the tree: who may import whom, how long a file may be, what it may be called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: layer → the layers it may import besides itself. Reading down is reading the dependency order.
LAYERS: dict[str, set[str]] = {
    "errors": set(),
    "clock": set(),
    "sentences": set(),
    "core": {"errors"},
    "config": {"errors", "core"},
    "storage": {"errors", "core", "clock", "config"},
    "drivers": {"errors", "core", "clock", "config"},
    "lists": {"errors", "core", "config", "sentences"},
    "simulator": {"errors", "clock", "sentences"},
    "engine": {"errors", "core", "clock", "config", "storage", "drivers"},
    "operations": {"errors", "core", "clock", "config", "sentences", "storage", "lists"},
    "scripting": {
        *{"errors", "core", "clock", "config", "sentences", "storage", "operations"},
        # the session with Asterisk; never a modem
        "drivers",
    },
    "web": {"errors", "core", "clock", "config", "sentences", "storage", "lists", "operations"},
    "cli": {
        *{"errors", "core", "clock", "config", "sentences", "storage", "lists", "operations"},
        *{"engine", "simulator", "scripting", "web"},
    },
}

#: what core must not touch: the outside world, the clock, chance
OUTSIDE_WORLD = {
    *{"asyncio", "logging", "os", "pathlib", "random", "secrets", "select", "shutil", "signal", "socket"},
    *{"sqlite3", "subprocess", "tempfile", "threading", "time", "urllib", "uuid"},
    *{"alembic", "flask", "openpyxl", "panoramisk", "psycopg", "serial", "sqlalchemy"},
}

#: libraries that belong to one layer, so that replacing one is work in one place
LIBRARY_LAYERS = {
    "serial": {"drivers"},
    "panoramisk": {"drivers"},
    "sqlalchemy": {"storage", "operations"},
    "alembic": {"storage"},
    "psycopg": {"storage"},
    "flask": {"web"},
    "flask_login": {"web"},
    "flask_wtf": {"web"},
    "flask_babel": {"web"},
    "python_calamine": {"lists"},
    "openpyxl": {"lists"},
    "pyotp": {"operations"},
    "segno": {"web"},
}
#: what anybody may name: a type in a signature, an address taken apart, an error caught
NAMED_ANYWHERE = ("sqlalchemy.Connection", "sqlalchemy.make_url", "sqlalchemy.exc.", "psycopg.Error")

#: drivers of one kind of modem; everything else knows only the contract, `drivers/modem`
CONCRETE_DRIVERS = {"at_modem", "ami_modem"}

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
MAX_LINES = 400

#: files whose subject is the passing of time itself, with the reason
SLEEPS: dict[str, str] = {
    "tests/doubles/modem.py": "how long the modem takes, in virtual time",
    "tests/engine/engine_rig.py": "virtual time passes",
}


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


PRODUCT = python_files("pbx_sms", "web")
EVERYTHING = [*PRODUCT, *python_files("tests", "bench", "alembic", "examples")]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> str | None:
    """ "pbx_sms.storage.queue" → "storage"; None for what is not a layer of the product."""
    first, _, rest = module.partition(".")
    if first == "web":
        return "web"
    return rest.partition(".")[0] or None if first == "pbx_sms" else None


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, also inside functions: (dotted name, line)."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{shown(path)}:{node.lineno} imports relatively; write the whole name"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def test_a_layer_imports_only_what_lies_below_it() -> None:
    wrong = []
    for path in PRODUCT:
        layer = layer_of(module_name(path))
        if layer in (None, "__main__"):
            continue
        assert layer in LAYERS, f"{shown(path)} belongs to no layer"
        for imported, line in imports(path):
            target = layer_of(imported)
            if target is None or target == layer or target == "__version__":
                continue
            if target not in LAYERS[layer]:
                wrong.append(f"{shown(path)}:{line} imports {imported}")
    assert wrong == []


def test_the_layers_have_no_cycle() -> None:
    above: list[str] = []
    for layer, allowed in LAYERS.items():
        assert allowed <= set(above), f"{layer} may import something that stands below it in the table"
        above.append(layer)


def test_core_touches_neither_the_world_nor_the_clock_nor_chance() -> None:
    wrong = []
    for path in python_files("pbx_sms/core"):
        wrong += [
            f"{shown(path)}:{line} imports {imported}"
            for imported, line in imports(path)
            if imported.split(".")[0] in OUTSIDE_WORLD
        ]
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and called(node) in {
                "open",
                "print",
                "input",
                "now",
                "today",
                "utcnow",
            }:
                wrong.append(f"{shown(path)}:{node.lineno} calls {called(node)}()")
    assert wrong == []


def test_a_library_is_used_by_its_own_layer_only() -> None:
    wrong = []
    for path in PRODUCT:
        layer = layer_of(module_name(path))
        for imported, line in imports(path):
            owners = LIBRARY_LAYERS.get(imported.split(".")[0])
            if owners and layer not in owners and not imported.startswith(NAMED_ANYWHERE):
                wrong.append(f"{shown(path)}:{line} imports {imported}")
    assert wrong == []


def test_concrete_drivers_are_named_only_where_the_engine_is_put_together() -> None:
    wrong = []
    for path in PRODUCT:
        if layer_of(module_name(path)) == "drivers" or shown(path) == "pbx_sms/engine/daemon.py":
            continue
        for imported, line in imports(path):
            if imported.startswith("pbx_sms.drivers.") and imported.split(".")[2] in CONCRETE_DRIVERS:
                wrong.append(f"{shown(path)}:{line} imports {imported}")
    assert wrong == []


def test_the_simulator_shares_no_code_with_the_codec_it_examines() -> None:
    wrong = [
        f"{shown(path)}:{line} imports {imported}"
        for path in python_files("pbx_sms/simulator")
        for imported, line in imports(path)
        if imported.startswith(("pbx_sms.core", "pbx_sms.drivers"))
    ]
    assert wrong == []


def test_only_the_queue_writes_messages_and_parts() -> None:
    wrong = []
    for path in PRODUCT:
        if shown(path).startswith("pbx_sms/storage/queue"):
            continue
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call) or called(node) not in {"insert", "update"}:
                continue
            # update(messages) and messages.update()
            tables = [*node.args[:1], *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
            for table in tables:
                name = table.attr if isinstance(table, ast.Attribute) else getattr(table, "id", None)
                if name in {"messages", "parts"}:
                    wrong.append(f"{shown(path)}:{node.lineno} writes {name}")
    assert wrong == []


def test_files_are_short() -> None:
    sources = [
        *EVERYTHING,
        *(path for folder in ("web/static", "web/templates") for path in (ROOT / folder).rglob("*.*")),
        *(ROOT / name for name in ("install.sh", "tests/run.sh", ".ci/run")),
    ]
    lengths = {
        shown(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources
        if path.suffix in {".py", ".js", ".css", ".html", ".sh", ""} and "vendor" not in path.parts
    }
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_names_say_something() -> None:
    vague = [
        shown(path)
        for path in EVERYTHING
        if FORBIDDEN_NAMES & {path.stem, *(part.lower() for part in path.relative_to(ROOT).parts)}
    ]
    assert vague == []


def test_every_module_states_its_contract() -> None:
    silent = [shown(path) for path in EVERYTHING if tree(path).body and not ast.get_docstring(tree(path))]
    assert silent == []


def test_the_migrations_folder_does_not_shadow_the_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()


def text_files() -> list[Path]:
    """Everything a person wrote; neither what is installed nor what is generated."""
    kinds = {".py", ".md", ".sh", ".toml", ".ini", ".html", ".js", ".css", ".po", ".txt", ".at", ""}
    skipped = {".venv", ".demo", ".cache", ".git", "__pycache__", "node_modules", "vendor"}
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and path.suffix in kinds
        and not any(part in skipped or part.endswith("_cache") for part in path.relative_to(ROOT).parts)
        and not any(part.endswith(".egg-info") or part == ".hypothesis" for part in path.parts)
    )


def test_no_file_names_a_place_of_one_machine() -> None:
    places = re.compile(
        "|".join(("/" + r"work/\w", "/" + r"farm/\w", "/" + r"root/\w", "/" + r"home/(?!user\b)\w"))
    )
    registries = re.compile(
        "|".join(name.replace("+", r"\.") for name in ("pypi+org", "pythonhosted+org", "npmjs+"))
    )
    wrong = []
    for path in text_files():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if places.search(line) or registries.search(line):
                wrong.append(f"{shown(path)}:{number} {line.strip()[:80]}")
    assert wrong == []


def called(node: ast.Call) -> str:
    """The last word of what is called: `time.sleep(1)` → "sleep"."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def first_argument(node: ast.Call) -> str:
    return ast.unparse(node.args[0]) if node.args else ""


def sleeps(node: ast.AST, *, polls: bool = False) -> Iterator[ast.Call]:
    """Calls of sleep that wait for time alone: outside of a loop that looks at a condition each time."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from sleeps(child)
            continue
        # asyncio.sleep(0) lets others run; it waits for nothing
        if (
            isinstance(child, ast.Call)
            and not polls
            and called(child) == "sleep"
            and first_argument(child) != "0"
        ):
            yield child
        yield from sleeps(child, polls=polls or isinstance(child, ast.While))


def test_no_test_sleeps_where_it_could_wait_for_a_condition() -> None:
    wrong = [
        f"{shown(path)}:{call.lineno}"
        for path in python_files("tests")
        if shown(path) not in SLEEPS
        for call in sleeps(tree(path))
    ]
    assert wrong == []


def test_no_test_is_switched_off() -> None:
    switches = {"skip", "skipif", "xfail", "importorskip", "skipTest", "skipUnless", "skipIf"}
    wrong = [
        f"{shown(path)}:{node.lineno}"
        for path in python_files("tests")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in switches and "pytest" in ast.unparse(node)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", PRODUCT, ids=shown)
def test_no_error_is_swallowed_whole(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            silent = all(isinstance(statement, (ast.Pass, ast.Continue)) for statement in node.body)
            assert not (broad and silent), f"line {node.lineno}"
