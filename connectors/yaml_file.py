"""A YAML file that a person wrote -> a frozen model, or one error that says where it is wrong and what was meant.

Names file, line and key, and the right key that is nearest. Which keys there are is the models' matter
(`connectors.spec`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Model = TypeVar("Model", bound=BaseModel)
Place = Sequence[int | str]

MERGE = "tag:yaml.org,2002:merge"
MAX_FAULTS = 5
"""Faults told at once: more of them are mostly one fault's echo."""


class YamlError(ValueError):
    """A file that cannot be used; the message names file, line and key, and what was expected."""


@dataclass(frozen=True)
class YamlFile:
    """What a file says, and where it says it."""

    path: Path
    content: Any
    node: Node | None

    def model(self, model: type[Model], *place: str) -> Model:
        """The content at `place` as a `model`.

        Raises:
            YamlError: a missing or unknown key, or a value of the wrong form; one sentence per fault.
        """
        content = self.content
        for key in place:
            content = content[key]
        try:
            return model.model_validate({} if content is None else content)
        except ValidationError as error:
            faults = [self._fault(one, model, place) for one in error.errors(include_url=False)[:MAX_FAULTS]]
            raise YamlError("; ".join(dict.fromkeys(faults))) from None

    def line_of(self, place: str) -> int:
        """The line of a place as messages write it, `objects.Contact.records[0].email`, or of what is around it."""
        content: Any = self.content
        path: list[int | str] = []
        while place and isinstance(content, (dict, list)):
            if isinstance(content, list):
                number = re.match(r"\[(\d+)\]\.?", place)
                if not number or int(number[1]) >= len(content):
                    break
                path.append(int(number[1]))
                content = content[int(number[1])]
                place = place[number.end() :]
            else:
                keys = [str(key) for key in content if re.match(rf"{re.escape(str(key))}(?=$|[.\[])", place)]
                if not keys and "fields" in content:
                    keys, place = ["fields"], f"fields.{place}"
                if not keys:
                    break
                path.append(max(keys, key=len))
                place = place[len(str(path[-1])) :].removeprefix(".")
                content = content[path[-1]]
        return _line_of(self.node, path) or 1

    def _fault(self, error: ErrorDetails, model: type[BaseModel], place: Place) -> str:
        own = _without_markers(error["loc"], self.content, place)
        line = _line_of(self.node, [*place, *own])
        where = f"{self.path}: line {line}" if line else str(self.path)
        name = ".".join(str(part) for part in (*place, *own))
        return f"{where}: {name + ': ' if name else ''}{_words(error, model, own)}"


def read_yaml(path: Path) -> YamlFile:
    """A YAML file with its lines.

    Raises:
        YamlError: it cannot be read, is no YAML, or says a key twice in one mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
        loader = yaml.SafeLoader(text)
    except FileNotFoundError:
        raise YamlError(f"{path}: there is no such file") from None
    except OSError as error:
        raise YamlError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise YamlError(f"{path}: cannot be read as YAML: {error}") from None
    try:
        node = loader.get_single_node()
        if node is None:
            return YamlFile(path, None, None)
        # Before it is built: building takes the last of two equal keys, and dissolves merges (`<<: *name`).
        _no_key_twice(path, node, set())
        return YamlFile(path, loader.construct_document(node), node)
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, YamlError):
            raise
        raise YamlError(f"{path}: cannot be read as YAML: {error}") from None
    finally:
        loader.dispose()


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'key'?`, or all that is known where nothing is near."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(words)}"


def _no_key_twice(path: Path, node: Node, seen: set[int]) -> None:
    if id(node) in seen:  # an alias
        return
    seen.add(id(node))
    if isinstance(node, SequenceNode):
        for inner in node.value:
            _no_key_twice(path, inner, seen)
    if not isinstance(node, MappingNode):
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        if isinstance(key, ScalarNode) and key.tag != MERGE:
            if key.value in lines:
                raise YamlError(
                    f"{path}: line {_line(key)}: the key {key.value!r} stands twice, "
                    f"first in line {lines[key.value]}; keep one of them"
                )
            lines[key.value] = _line(key)
        _no_key_twice(path, value, seen)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _line_of(node: Node | None, place: Place) -> int | None:
    """The line of the key at a place, or of what is nearest around it."""
    found = _line(node) if node else None
    for part in place:
        if isinstance(node, MappingNode):
            # What a mapping says itself stands behind what it merges in.
            pair = next((pair for pair in reversed(node.value) if str(pair[0].value) == str(part)), None)
            if pair is None:
                break
            found, node = _line(pair[0]), pair[1]
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            found = _line(node)
        else:
            break
    return found


def _without_markers(location: Place, content: Any, place: Place) -> list[int | str]:
    """A fault's place as the file has it: pydantic also names what it tried (`[key]`, the members of a union)."""
    for key in place:
        content = content[key]
    kept: list[int | str] = []
    for index, part in enumerate(location):
        inside = isinstance(content, dict) and part in content
        if inside or (isinstance(content, list) and isinstance(part, int) and part < len(content)):
            content = content[part]
            kept.append(part)
        elif index == len(location) - 1 and part != "[key]":
            kept.append(part)
    return kept


def _words(error: ErrorDetails, model: type[BaseModel], place: Place) -> str:
    context, found = error.get("ctx", {}), f"found {error['input']!r}"
    match error["type"]:
        case "extra_forbidden":
            said = f"there is no such key{nearest(str(place[-1]), _keys(model, place[:-1]))}"
        case "missing":
            said = "this key is missing"
        case "literal_error":
            words = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")
            said = found + nearest(str(error["input"]), words)
        case "value_error":
            said = str(context.get("error", error["msg"]))
        case "model_type" | "dict_type":
            said = f"expected a mapping of keys, {found}"
        case "string_type":
            said = f"expected text, {found}; put it in quotes"
        case _:
            said = f"expected {error['msg'].removeprefix('Input should be ').removeprefix('String should ')}, {found}"
    return said


def _keys(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that a mapping at `place` of a model may have, as they are written in the file."""
    at: Any = model
    for part in place:
        if isinstance(at, type) and issubclass(at, BaseModel):
            field = next((f for name, f in at.model_fields.items() if part in (name, f.alias)), None)
            at = field.annotation if field else None
        else:
            at = _inner(at)
    at = _model_in(at)
    return [field.alias or name for name, field in at.model_fields.items()] if at else []


def _inner(annotation: Any) -> Any:
    """What a `dict[str, X]` or `tuple[X, ...]` holds."""
    held = [one for one in get_args(annotation) if one is not Ellipsis and one is not str]
    return held[-1] if held else None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model of `X`, `Annotated[X, …]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _model_in(one))), None)
