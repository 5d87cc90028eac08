"""A draft as a connector file: YAML that a person goes through, with a comment where something was guessed.

Guessing does not belong here (`transforms.drafting.guess`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from transforms.drafting.guess import Guess, ObjectDraft

HR, SUPPORT = frozenset({"employee"}), frozenset({"support_case"})
WIDTH = 110


@dataclass(frozen=True)
class Exports:
    """How an object's exports look: patterns for their names, options of the shape, paths of landed columns."""

    files: tuple[str, ...]
    options: Mapping[str, Any]
    columns: Mapping[str, str]
    delivered: str
    proofs: tuple[str, ...] = ()
    """Columns that are required beside the key."""


def connector_yaml(name: str, objects: Sequence[tuple[ObjectDraft, Exports]], unread: Iterable[str]) -> str:
    """The whole file."""
    kinds = {draft.kind for draft, _ in objects}
    kind = "hr" if kinds & HR else "support" if kinds & SUPPORT and "deal" not in kinds else "crm"
    lines = [
        f"# {name}: a draft, made from exports. Go through it, above all where it says likely or doubtful, then run",
        f"# `concord connectors check {name}.yaml EXPORT`. Delete what you have answered.",
        f"name: {name}",
        f"kind: {kind}",
        "owner: nobody yet   # whom to ask",
        "rank: 50            # 1 is believed most",
    ]
    if any("salesforce_id" in draft.clean_key for draft, _ in objects):
        lines.append('nulls: ["000000000000000AAA", "000000000000000", "000", "null"]')
    lines += ["", "objects:"]
    for draft, exports in objects:
        lines += [f"  {line}".rstrip() for line in _object(draft, exports)] + [""]
    lines += [f"# Not drafted: {said}" for said in unread]
    return "\n".join(lines).rstrip() + "\n"


def _object(draft: ObjectDraft, exports: Exports) -> list[str]:
    used = draft.used
    differing = {name: exports.columns[name] for name in used if exports.columns[name] != name}
    lines = [f"{_flow(draft.name)}:", "  exports:", f"    - file: {_flow(list(exports.files))}"]
    lines += [f"      {name}: {_flow(value)}" for name, value in exports.options.items()]
    lines.append(f"      require: {_flow(list(dict.fromkeys([*draft.key, *exports.proofs])))}")
    if differing:
        lines.append("      columns:")
        lines += [f"        {_flow(name)}: {_flow(path)}" for name, path in differing.items()]
    lines.append(f"  delivered: {exports.delivered}   # or: {_other(exports.delivered)}")
    lines.append(
        f"  {'natural' if draft.natural else 'key'}: {_flow(list(draft.key) if draft.natural else draft.key[0])}"
    )
    lines[-1] += f"   # {draft.key_why}"
    lines += [f"  clean_key: {_flow(draft.clean_key[0])}"] if draft.clean_key else []
    lines += [f"  modified: {_flow(draft.modified)}"] if draft.modified else ["  # modified: which column says when?"]
    lines += [f"  clean_modified: {draft.clean_modified[0]}"] if draft.modified and draft.clean_modified else []
    lines += [f'  deleted: {{{_flow(draft.deleted)}: ["1", "true", "yes"]}}'] if draft.deleted else []
    lines += ["  records:", *(f"    {line}" for line in _records(draft))]
    lines += [f"  # Never landed: {column}, {why}" for column, why in draft.never.items()]
    if draft.left:
        lines += _wrapped("  # Not mapped, and so not landed: ", ", ".join(draft.left))
    return lines


def _other(delivered: str) -> str:
    if delivered == "changes":
        return "complete, where a delivery holds every row"
    return "changes, where a delivery holds only what changed; a row missing from a complete one is a deletion"


def _records(draft: ObjectDraft) -> list[str]:
    doubt = "" if draft.kind_sure else "   # doubtful: the export's name does not say"
    lines = [f"- kind: {draft.kind}{doubt}"]
    fields = [f"    {_field(guess)}" for guess in draft.fields]
    if draft.company and not draft.natural:
        lines.append(f'  when: {{{_flow(draft.company)}: "*"}}')
    lines += ["  fields:", *fields] if fields or draft.company else ["  fields: {}   # nothing fits; name the fields"]
    for guess in draft.waiting:
        later = replace(guess, sure="likely", why="once there is such an object", lookup="THAT OBJECT")
        lines.append(f"    # {_field(later)}")
    if draft.company and not draft.natural:
        key = {"from": draft.key[0]} | ({"clean": draft.clean_key[0]} if draft.clean_key else {})
        said = _flow(key | {"lookup": {"object": f"{draft.name}.company"}})
        lines.append(f"    organisation: {said}   # likely: the company that the row names")
        lines += [f"- kind: {draft.kind}", *(["  fields:", *fields] if fields else ["  fields: {}"])]
    if draft.company:
        lines += ["- kind: organisation", "  role: company", f'  when: {{{_flow(draft.company)}: "*"}}', "  fields:"]
        lines.append(f"    name: {_flow({'from': draft.company, 'clean': 'organisation_name'})}   # likely")
    return lines


def _field(guess: Guess) -> str:
    said: dict[str, Any] = {"from": guess.columns[0] if len(guess.columns) == 1 else list(guess.columns)}
    said["clean"] = guess.clean[0] if len(guess.clean) == 1 else list(guess.clean)
    if guess.lookup:
        said["lookup"] = {"object": guess.lookup}
    return f"{guess.field}: {_flow(said)}   # {guess.sure}: {guess.why}"


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000)
    return re.sub(r"\n\.\.\.\n?$", "", text).strip()


def _wrapped(start: str, text: str) -> list[str]:
    lines, line = [], start
    for word in text.split(" "):
        if len(line) + len(word) > WIDTH:
            lines.append(line.rstrip())
            line = "  #   "
        line += f"{word} "
    return [*lines, line.rstrip()]
