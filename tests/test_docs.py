"""The documents say what the code says; every code that a person may meet has its sentence."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import string
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import pbx_sms
from pbx_sms import errors, sentences
from pbx_sms.cli import make_parser
from pbx_sms.config import Settings
from pbx_sms.core import mailing, message, sim
from pbx_sms.drivers.modem import ModemState

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SOURCES = sorted(path for folder in ("pbx_sms", "web") for path in (ROOT / folder).rglob("*.py"))

RAISED = {
    name
    for name, thing in vars(errors).items()
    if inspect.isclass(thing) and issubclass(thing, errors.PbxSmsError) and thing is not errors.ConfigError
}
#: arguments that carry a code wherever they stand
CODE_ARGUMENTS = {"reason_code", "reject_code", "note_code"}


def sections(document: str, level: str = "##") -> dict[str, str]:
    """Heading → text below it, of headings of one level."""
    text = (DOCS / document).read_text(encoding="utf-8")
    pieces = re.split(rf"^{level} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def rows(text: str) -> list[list[str]]:
    """The cells of the Markdown tables in `text`, without their heads."""
    found: list[list[str]] = []
    height = 0
    for line in text.splitlines():
        height = height + 1 if line.startswith("|") else 0
        if height > 2:
            found.append([cell.strip() for cell in line.strip().strip("|").split("|")])
    return found


def unquoted(cell: str) -> str:
    return cell.strip("`")


# --- configuration.md


def as_toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case tuple() | list():
            return "[" + ", ".join(as_toml(item) for item in value) + "]"
        case _:
            return f"{value:g}" if isinstance(value, float) else str(value)


def settings_of(section: type[BaseModel]) -> dict[str, str | None]:
    """Key → its default as one would write it; None where none can be written."""
    written: dict[str, str | None] = {}
    for key, field in section.model_fields.items():
        if field.default is PydanticUndefined or field.default is None:
            written[key] = None
        else:
            written[key] = as_toml(field.default)
    return written


def sections_of_settings() -> Iterator[tuple[str, type[BaseModel]]]:
    for key, field in Settings.model_fields.items():
        models = [
            model
            for model in (field.annotation, *getattr(field.annotation, "__args__", ()))
            if inspect.isclass(model) and issubclass(model, BaseModel)
        ]
        several = getattr(field.annotation, "__origin__", None) is tuple
        yield f"[[{key}]]" if several else f"[{key}]", models[0]


def test_every_setting_is_documented_with_its_default() -> None:
    documented = {
        heading.strip("`"): {unquoted(row[0]): row[1] for row in rows(text)}
        for heading, text in sections("configuration.md").items()
        if heading.strip("`").startswith("[")
    }
    assert set(documented) == {name for name, _ in sections_of_settings()}
    for name, model in sections_of_settings():
        expected = settings_of(model)
        assert set(documented[name]) == set(expected), name
        for key, default in expected.items():
            shown = documented[name][key]
            if default is None:
                assert not shown.startswith("`"), f"{name} {key} has no default that could be written"
            else:
                assert shown == f"`{default}`", f"{name} {key}"


# --- states.md


def edges(text: str) -> dict[tuple[str, str], str]:
    """(from, to) → letter, of the diagram in `text`."""
    found = re.findall(r"^\s*(\w+) --> (\w+) *: *(\w+)$", text, flags=re.MULTILINE)
    drawn = {(start, end): letter for start, end, letter in found}
    assert len(drawn) == len(found), "an arrow is drawn twice"
    return drawn


@pytest.mark.parametrize(
    ("heading", "transitions"),
    [("Mailing", mailing.TRANSITIONS), ("Message", message.TRANSITIONS), ("SIM", sim.TRANSITIONS)],
    ids=["mailing", "message", "sim"],
)
def test_the_diagram_is_the_table_of_transitions(
    heading: str, transitions: dict[StrEnum, frozenset[StrEnum]]
) -> None:
    text = sections("states.md")[heading]
    drawn = edges(text)
    assert set(drawn) == {(start, end) for start, ends in transitions.items() for end in ends}
    explained = {unquoted(row[0]) for row in rows(text) if re.fullmatch(r"[a-z]", unquoted(row[0]))}
    assert explained == set(drawn.values()), "each letter has its sentence, and no other has one"
    described = {unquoted(row[0]) for row in rows(text)} - explained
    assert described == set(transitions), "each state has its sentence"


@pytest.mark.parametrize(
    ("heading", "states"),
    [("Part", message.PartState), ("Delivery report", message.ReportState), ("Modem", ModemState)],
    ids=["part", "report", "modem"],
)
def test_every_state_has_its_sentence(heading: str, states: type[StrEnum]) -> None:
    assert {unquoted(row[0]) for row in rows(sections("states.md")[heading])} == set(states)


# --- commands.md, CHANGELOG.md


def verbs(parser: argparse.ArgumentParser, name: str) -> Iterator[str]:
    branches = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not branches:
        yield name
    for branch in branches:
        for verb, below in branch.choices.items():
            yield from verbs(below, f"{name} {verb}")


def test_every_command_is_documented() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    missing = [verb for verb in verbs(make_parser(), "pbx-sms") if verb not in text]
    assert missing == []


def test_the_changelog_tells_of_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(pbx_sms.__version__)}\b", changelog, flags=re.MULTILINE)


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for document in [ROOT / "README.md", *DOCS.rglob("*.md"), *ROOT.glob("*/README.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            if "://" not in target and not (document.parent / target).exists():
                broken.append(f"{document.relative_to(ROOT)}: {target}")
    assert broken == []


# --- sentences


def placeholders(sentence: str) -> set[str]:
    return {
        name.split(".")[0].split("[")[0]
        for _, name, _, _ in string.Formatter().parse(sentence)
        if name is not None
    }


@pytest.mark.parametrize("code", sorted(sentences.table()))
def test_both_languages_of_a_sentence_tell_the_same(code: str) -> None:
    english, russian = sentences.table()[code]
    assert english.strip()
    assert russian.strip()
    assert placeholders(english) == placeholders(russian)
    assert re.search("[А-Яа-яЁё]", russian), "the second sentence is the Russian one"
    assert not re.search("[А-Яа-яЁё]{4}", re.sub('«[^»]*»|“[^”]*”|"[^"]*"', "", english)), (
        "the first one is the English one"
    )


def codes_used() -> Iterator[tuple[str, set[str] | None, str]]:
    """Every code written in the tree: (code, names of its parameters where they can be seen, place)."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if (name in RAISED or name == "Reason") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value, parameters(node, name), place
            for keyword in node.keywords:
                value = keyword.value
                if (
                    keyword.arg in CODE_ARGUMENTS
                    and isinstance(value, ast.Constant)
                    and value.value is not None
                ):
                    yield value.value, None, place


def parameters(call: ast.Call, name: str) -> set[str] | None:
    if name != "Reason":
        given = {keyword.arg for keyword in call.keywords}
        return None if None in given else {word for word in given if word is not None}
    source = (
        call.args[1]
        if len(call.args) > 1
        else next((k.value for k in call.keywords if k.arg == "params"), None)
    )
    if source is None:
        return set()
    if isinstance(source, ast.Dict) and all(isinstance(key, ast.Constant) for key in source.keys):
        return {str(key.value) for key in source.keys if isinstance(key, ast.Constant)}
    return None


def test_every_code_in_the_tree_has_its_sentence() -> None:
    table = sentences.table()
    assert sorted(f"{place} {code}" for code, _, place in codes_used() if code not in table) == []


def test_every_sentence_is_given_what_it_needs() -> None:
    table = sentences.table()
    wrong = [
        f"{place} {code} lacks {', '.join(sorted(lacking))}"
        for code, given, place in codes_used()
        if given is not None and code in table and (lacking := placeholders(table[code][0]) - given)
    ]
    assert wrong == []


# --- design.md


def modules() -> Iterator[str]:
    """`core/encoding`, `storage/queue`, `web/app`: what a module is called in the documents."""
    for path in SOURCES:
        name = str(path.relative_to(ROOT).with_suffix("")).removeprefix("pbx_sms/")
        if not name.startswith("simulator/"):
            yield name.removesuffix("/__init__")


def test_the_tour_names_every_module() -> None:
    tour = (DOCS / "design.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+)`", tour))
    layers = {"pbx_sms", "web", "__init__", "core", "drivers", "engine", "lists", "operations", "storage"}
    layers |= {"scripting"}
    assert sorted(set(modules()) - named - layers) == []
    known = set(modules()) | layers
    gone = {name for name in named if name.partition("/")[2] and name.split("/")[0] in layers} - known
    assert sorted(gone) == []
