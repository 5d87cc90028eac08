"""What is wrong in a policy file, in words: line, key, the value found, what was expected, and what to do.

Which keys and values are allowed does not belong here: it stands with the models of each file.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

SHOWN = 5
"""Mistakes of one file that are told at once; often the later ones follow from the first."""

Place = tuple[str | int, ...]
"""Keys and positions from the top of a file to a value, as pydantic has them."""


def read_yaml(text: str) -> tuple[Any, Callable[[Place], int]]:
    """The content of a YAML text, and the line at which each of its values stands; of one that is not there, the line
    of what it should stand in.

    Raises:
        ValueError: it is no YAML, or a key stands in one place twice, of which YAML would silently keep the last.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None:
            for mapping in _mappings(root):
                _no_key_twice(mapping)
        return yaml.safe_load(text), lambda place: _line(root, place)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        told = "; ".join(part for part in (error.context, error.problem) if part)
        raise ValueError(
            f"{line}cannot be read as YAML: {told}; mend what stands there or in the line before"
        ) from error
    except yaml.YAMLError as error:
        raise ValueError(f"cannot be read as YAML: {error}") from error


def at_line(line: int) -> Callable[[Place], int]:
    """Everything stands in one line: a row of a CSV file."""
    return lambda _: line


def told(path: Path, error: ValidationError, model: type[BaseModel], line_of: Callable[[Place], int]) -> str:
    """The first mistakes, one a line."""
    # What is missing comes last: a mistake in what is there is more likely to be why.
    found = sorted(error.errors(), key=lambda one: one["type"] == "missing")
    more = [f"{path}: and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return "\n".join([*(f"{path}: line {line_of(e['loc'])}: {_sentence(e, model)}" for e in found[:SHOWN]), *more])


def _sentence(one: ErrorDetails, model: type[BaseModel]) -> str:
    place, kind = tuple(part for part in one["loc"] if part != "[key]"), one["type"]
    key = ", ".join(f"entry {part + 1}" if isinstance(part, int) else str(part) for part in place) or "the whole entry"
    if kind == "missing":
        return f"{key}: nothing found, expected a value; add the key, the shipped file shows it"
    if kind == "extra_forbidden":
        return f"{key}: unknown key, expected one of {', '.join(_keys(model, place[:-1]))}; {_rename(model, place)}"
    if kind == "value_error":
        words = one["msg"].removeprefix("Value error, ")
        return f"{key}: found {one['input']!r}{', ' if words.startswith('expected') else '; '}{words}"
    expected = one["msg"].replace("Input should be ", "")
    if kind == "tuple_type":
        expected = "a list in square brackets"
    return f"{key}: found {one['input']!r}, expected {expected}; change the value"


def _rename(model: type[BaseModel], place: Place) -> str:
    near = difflib.get_close_matches(str(place[-1]), _keys(model, place[:-1]), n=1, cutoff=0.5)
    return f"rename it to {near[0]!r}" if near else "remove it"


def _keys(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that may stand at a place; none where anything may."""
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            inner = next(_models(model.model_fields[part].annotation), None)
            if inner is None:
                return []
            model = inner
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _mappings(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from _mappings(entry)


def _no_key_twice(mapping: yaml.MappingNode) -> None:
    lines: dict[str, int] = {}
    for key, _ in mapping.value:
        line = key.start_mark.line + 1
        if key.value in lines:
            earlier = lines[key.value]
            raise ValueError(
                f"line {line}: {key.value}: found in line {earlier} already, expected once; keep one of them"
            )
        lines[key.value] = line


def _line(node: yaml.Node | None, place: Place) -> int:
    line = 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if part not in pairs:
                break
            key, node = pairs[str(part)]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
