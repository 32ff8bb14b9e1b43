"""TOML to settings.  A file's faults are told all at once, each with file, key, value and remedy.

attrs and cattrs hold the model: cattrs goes on after a fault and tells them all.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin

from attrs import fields, has
from cattrs import ClassValidationError, Converter, IterableValidationError
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override

from ftpalg.config.checks import Check, Hidden
from ftpalg.config.contradictions import contradictions
from ftpalg.config.model import (
    Certificate,
    ClientTlsSettings,
    Data,
    Limits,
    Log,
    ServerTlsRule,
    ServerTlsSettings,
    Settings,
    Timeouts,
)
from ftpalg.config.tables import (
    Access,
    AccessRule,
    Accounts,
    ClientAddress,
    Health,
    Listener,
    Logins,
    Parent,
    Pinholes,
    ProxyProtocol,
    RouteRule,
)

SECTIONS = (
    Listener,
    Logins,
    Accounts,
    AccessRule,
    Access,
    RouteRule,
    Parent,
    ProxyProtocol,
    Pinholes,
    Health,
    ClientAddress,
    Data,
    Timeouts,
    Limits,
    Certificate,
    ClientTlsSettings,
    ServerTlsRule,
    ServerTlsSettings,
    Log,
    Settings,
)


class SettingsError(Exception):
    """What is wrong with the settings: one sentence for each fault, in ``faults``."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def key_of(name: str) -> str:
    """The key of an attribute."""
    return name.replace("_", "-")


def _hook(check: Check) -> Callable[[Any, Any], Any]:
    return lambda value, _: check(value)


@cache
def _converter() -> Converter:
    made = Converter(forbid_extra_keys=True)
    made.register_structure_hook_func(_is_list_of_tables, _tables(made))
    for section in SECTIONS:
        overrides = {}
        for a in fields(section):
            if a.init:
                check = a.metadata.get("check")
                hook = _hook(check) if check else None
                overrides[a.name] = override(rename=key_of(a.name), struct_hook=hook)
        make = make_dict_structure_fn(section, made, **overrides)  # type: ignore[arg-type]
        made.register_structure_hook(section, _table_only(make))
    return made


def _is_list_of_tables(kind: Any) -> bool:
    return get_origin(kind) is tuple and has(get_args(kind)[0])


def _tables(converter: Converter) -> Callable[[Any, Any], Any]:
    def structure_tables(value: Any, kind: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError("must be a list of tables: write its name in double brackets")
        tables: Any = list[get_args(kind)[0]]  # type: ignore[misc]
        return tuple(converter.structure(value, tables))

    return structure_tables


def _table_only(make: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def structure_table(value: Any, kind: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError("must be a table: write its name in brackets and its keys below")
        return make(value, kind)

    return structure_table


def structure(raw: Mapping[str, Any], origin: str) -> Settings:
    """Validate parsed TOML.  Raise SettingsError with every fault; ``origin`` stands before each."""
    try:
        settings: Settings = _converter().structure(raw, Settings)
    except (ClassValidationError, IterableValidationError) as error:
        raise SettingsError([f"{origin}: {fault}" for fault in _faults(error, raw, "")]) from None
    found = contradictions(settings)
    if found:
        raise SettingsError([f"{origin}: {_veiled(fault)}" for fault in found])
    return settings


def _faults(error: Any, raw: Any, path: str) -> list[str]:
    """Walk the tree of faults, naming each by its dotted key."""
    found: list[str] = []
    named, others = error.group_exceptions()
    for inner, note in named:
        if isinstance(error, IterableValidationError):
            place, value = f"{path}[{note.index}]", raw[note.index]
        else:
            key = key_of(note.name)
            place, value = f"{path}.{key}" if path else key, raw.get(key)
        if isinstance(inner, ClassValidationError | IterableValidationError):
            found += _faults(inner, value, place)
        elif isinstance(inner, Hidden):
            found.append(f"{place}: {inner}")
        elif isinstance(inner, KeyError):
            found.append(f"{place}: is missing")
        else:
            found.append(f"{place} = {_shown(value)}: {inner}")
    for other in others:
        if isinstance(other, ForbiddenExtraKeysError):
            known = ", ".join(key_of(a.name) for a in fields(other.cl) if a.init)
            for key in sorted(other.extra_fields):
                place = f"{path}.{key}" if path else key
                found.append(f"{place}: no such setting; known here are {known}")
        else:
            found.append(f"{path}: {other}")
    return found


def _shown(value: Any) -> str:
    shown = str(value).lower() if isinstance(value, bool) else _veiled(repr(value))
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _veiled(text: str) -> str:
    """Without the password that somebody wrote into a URL, where it does not belong."""
    return re.sub(r"(://[^\s\"':@/]*:)[^\s\"']*@", r"\1...@", text)


def load(path: Path | None, overrides: Mapping[str, Any]) -> Settings:
    """Read the file, lay the command line's words over it, validate.

    ``overrides`` maps dotted keys to values.  Raise SettingsError.
    """
    raw: dict[str, Any] = {}
    origin = "command line"
    if path is not None:
        origin = str(path)
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError([f"{path}: cannot be read: {error.strerror}"]) from None
        except ValueError as error:
            raise SettingsError([f"{path}: is not TOML: {error}"]) from None
    for dotted, value in overrides.items():
        *sections, key = dotted.split(".")
        place = raw
        for section in sections:
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                raise SettingsError([f"{origin}: {section}: must be a table: write [{section}]"])
        place[key] = value
    return structure(raw, origin)


def settings_sections() -> dict[str, type]:
    """Each section of a file and its class; top-level keys under ""."""
    named = {key_of(a.name): type(a.default) for a in fields(Settings) if has(type(a.default))}
    return {"": Settings, **named}
