"""Defaults, file, environment and options to settings, in this order; the last one counts.

All faults are told at once, each with its place: what is wrong with single values, what cannot hold
together, names of the environment.  A fault that follows from another is not told.  attrs and cattrs
hold the model: cattrs goes on after a fault and tells them all.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from functools import cache, partial
from pathlib import Path as File
from types import GenericAlias, MappingProxyType
from typing import Any, NamedTuple, get_args, get_origin

from attrs import evolve, fields, has
from cattrs import ClassValidationError, Converter, IterableValidationError
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override

from ftpalg.config.checks import Check, Hidden
from ftpalg.config.contradictions import contradictions
from ftpalg.config.environment import PREFIX, from_environment, variable_of
from ftpalg.config.faults import (
    Document,
    Fault,
    Finding,
    SettingsError,
    dotted,
    error_of,
    independent,
    path_of,
    shown,
    told,
    veiled,
)
from ftpalg.config.limits import Limits, ListenerLimits, RouteLimits
from ftpalg.config.model import Settings, settings_sections
from ftpalg.config.places import Path, places
from ftpalg.config.reading import no_toml, text_of
from ftpalg.config.suggestions import for_key, for_section, like, meant
from ftpalg.config.tables import (
    COMMAND_LINE,
    AccessRule,
    ClientAddress,
    CommandRule,
    Listener,
    Origin,
    Parent,
    RouteRule,
    is_key,
    key_of,
    keys_of,
)
from ftpalg.config.tls import Certificate, ServerTlsRule
from ftpalg.config.warnings import ALLOW, OF_MACHINE, OF_PROCESS, all_warnings, of_process
from ftpalg.core.value import value

SECTIONS = (
    *(
        Listener,
        AccessRule,
        CommandRule,
        RouteRule,
        Parent,
        ClientAddress,
        Certificate,
        ServerTlsRule,
    ),
    *(ListenerLimits, RouteLimits),
    *(kind for section, kind in settings_sections().items() if section),
    Settings,
)
"""Every class of the model."""


@value
class Loaded(NamedTuple):
    """Settings with where they come from.

    ``sources`` has, for each setting that something set, where: a variable's name, the command line,
    or the file with its line.  ``faults`` are what is wrong; where a value is, its default stands.
    ``overrides`` are the command line's words.
    """

    settings: Settings
    document: Document | None
    sources: Mapping[str, str]
    faults: tuple[Fault, ...] = ()
    overrides: Mapping[str, Any] = MappingProxyType({})

    def tell(self, one: Finding) -> tuple[str, str]:
        """A fault or a warning with its place: the sentence, and the quoted line or nothing."""
        return told(one, *_origin(one.path, self.document, self.sources))

    def error(self, found: Iterable[Fault] = ()) -> SettingsError:
        """All that is wrong, with what was found elsewhere and does not follow from it."""
        whole = (*self.faults, *independent(found, self.faults))
        return error_of([self.tell(one) for one in whole])


def _hook(check: Check) -> Callable[[Any, Any], Any]:
    return lambda value, _: check(value)


@cache
def _converter() -> Converter:
    made = Converter(forbid_extra_keys=True)
    made.register_structure_hook_func(_is_list_of_tables, _tables(made))
    made.register_structure_hook_factory(SECTIONS.__contains__, partial(_section, made))
    return made


def _section(converter: Converter, section: type) -> Callable[[Any, Any], Any]:
    """The hook of a class.  Its code is made with the first table: a file has few of the sections,
    and to make all of them would be a twentieth of a start."""

    @cache
    def make() -> Any:
        overrides: dict[str, Any] = {}
        for a in fields(section):
            if a.init:
                check = a.metadata.get("check")
                hook = _hook(check) if check else None
                omit = not is_key(a)
                overrides[a.name] = override(rename=key_of(a.name), struct_hook=hook, omit=omit)
        return make_dict_structure_fn(section, converter, **overrides)

    def structure_table(value: Any, kind: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError("must be a table: write its name in brackets and its keys below")
        return make()(value, kind)

    return structure_table


def _is_list_of_tables(kind: Any) -> bool:
    return get_origin(kind) is tuple and has(get_args(kind)[0])


def _tables(converter: Converter) -> Callable[[Any, Any], Any]:
    def structure_tables(value: Any, kind: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError("must be a list of tables: write its name in double brackets")
        tables: Any = GenericAlias(list, get_args(kind)[:1])
        return tuple(converter.structure(value, tables))

    return structure_tables


def settings_of_raw(raw: Mapping[str, Any]) -> tuple[Settings, list[Fault]]:
    """The settings of parsed TOML, defaults where a value is at fault, and every fault."""
    sound = deepcopy(dict(raw))
    first: list[Fault] = []
    while True:
        try:
            settings: Settings = _converter().structure(sound, Settings)
            break
        except (ClassValidationError, IterableValidationError) as error:
            found = _faults(error, sound, ())
            first = first or found
            for one in found:
                _drop(sound, one.path)
    first += [
        Fault(one.path, veiled(one.sentence), one.needs)
        for one in independent(contradictions(settings), first)
    ]
    return settings, first


def _drop(raw: Any, path: Path) -> None:
    """Take a value out.  Where a table lacks one, its list goes: the others must keep their places."""
    if not _has(raw, path):
        path = path[: next(at for at, part in enumerate(path) if isinstance(part, int))]
    if _has(raw, path):
        *way, last = path
        for part in way:
            raw = raw[part]
        if isinstance(raw, list):
            raw.clear()
        else:
            del raw[last]


def _has(raw: Any, path: Path) -> bool:
    for part in path:
        inside = part in raw if isinstance(raw, dict) else isinstance(part, int) and part < len(raw)
        if not inside:
            return False
        raw = raw[part]
    return True


def structure(raw: Mapping[str, Any], origin: str) -> Settings:
    """Validate parsed TOML.  Raise SettingsError with every fault; ``origin`` stands before each."""
    settings, faults = settings_of_raw(raw)
    if faults:
        raise error_of([told(one, None, origin) for one in faults])
    return settings


def _faults(error: Any, raw: Any, path: Path) -> list[Fault]:
    """Walk the tree of faults, naming each by its path."""
    found: list[Fault] = []
    named, others = error.group_exceptions()
    for inner, note in named:
        if isinstance(error, IterableValidationError):
            place, value = (*path, note.index), raw[note.index]
        else:
            key = key_of(note.name)
            place, value = (*path, key), raw.get(key)
        if isinstance(inner, ClassValidationError | IterableValidationError):
            found += _faults(inner, value, place)
        elif isinstance(inner, Hidden):
            found.append(Fault(place, f"{dotted(place)}: {inner}"))
        elif isinstance(inner, KeyError):
            found.append(Fault(place, f"{dotted(place)}: is missing"))
        elif place == ("accounts",):  # whose text may be meant as accounts.auth
            found.append(Fault(place, f"{dotted(place)}: {inner}"))
        else:
            found.append(Fault(place, f"{dotted(place)} = {shown(value)}: {inner}"))
    for other in others:
        if isinstance(other, ForbiddenExtraKeysError):
            slips = [
                _no_such((*path, key), other.cl, raw[key]) for key in sorted(other.extra_fields)
            ]
            meant_here = {key for one in slips for key in one.needs}  # these are not missing
            found = [
                one for one in found if one.path[-1] in raw or dotted(one.path) not in meant_here
            ]
            found += slips
        else:
            found.append(Fault(path, f"{dotted(path)}: {other}"))
    return found


def _no_such(path: Path, kind: type, value: Any) -> Fault:
    *_, key = map(str, path)
    name = dotted(path)
    tables = value if isinstance(value, list) else [value]
    if kind is Settings and tables and all(isinstance(one, Mapping) for one in tables):
        keys = value if isinstance(value, Mapping) else ()
        instead = for_section(key, keys)
        sentence = f"{name}: no such section{meant(instead)}"
        return Fault(path, sentence, (dotted(instead),), whole=True)
    if kind in (ListenerLimits, RouteLimits) and key in keys_of(Limits):
        here = ", ".join(keys_of(kind))
        sentence = f"{name}: bounds the whole gateway: move it to [limits]; here may stand {here}"
        return Fault(path, sentence, (f"limits.{key}",), whole=True)
    section = dotted(path[:-1])
    if section in settings_sections():
        instead = for_key(section, key)
    else:
        own = like(key, keys_of(kind))
        instead = (*path[:-1], own) if own else ()
    sentence = f"{name}: no such setting{meant(instead, section)}"
    return Fault(path, sentence, (dotted(instead) or section,), whole=True)


def load(
    path: File | None, overrides: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings of ``read``."""
    return read(path, overrides, environment).settings


def read(
    path: File | None, overrides: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> Loaded:
    """The same as ``examine``.  Raise SettingsError where anything is wrong."""
    loaded = examine(path, overrides, environment)
    if loaded.faults:
        raise loaded.error()
    return loaded


def examine(
    path: File | None,
    overrides: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    text: str | None = None,
) -> Loaded:
    """Read the file, lay the environment and the command line's words over it, validate.

    ``overrides`` maps dotted keys to values; where there is a ``text``, it is what is in the file.
    Raise SettingsError for a file that cannot be read.
    """
    raw, document = _file(path, text) if path is not None else ({}, None)
    variables, faults = from_environment(environment or {})
    sources = {}
    if document is not None:
        for key_path, place in document.places.values.items():
            sources[dotted(key_path)] = f"{document.name}:{place.line}"
    for words, source in ((variables, ""), (overrides, COMMAND_LINE)):
        for key, given in words.items():
            if _lay(raw, path_of(key), given):
                setter = source or variable_of(*_section_and_key(key))
                sources |= dict.fromkeys(_keys_in(key, given), setter)
    settings, more = settings_of_raw(raw)
    faults += sorted(more, key=lambda one: _line(one, document))
    origin = Origin(_allowed(settings, document), sources, _tables_of(document))
    settings = evolve(settings, origin=origin)
    return Loaded(settings, document, sources, tuple(faults), overrides)


def _tables_of(document: Document | None) -> dict[str, str]:
    """Where each table of a list begins."""
    if document is None:
        return {}
    listed = ((path, place) for path, place in document.places.keys.items() if path[1:])
    return {
        dotted(path): f"{document.name}:{place.line}"
        for path, place in listed
        if isinstance(path[-1], int)
    }


def _origin(
    path: Path, document: Document | None, sources: Mapping[str, str]
) -> tuple[Document | None, str]:
    """The document to quote for a key, or who set it in its place."""
    key = dotted(path[:2] if path[:1] and path[0] in settings_sections() else path[:1])
    if key.startswith(PREFIX):
        return None, "environment"
    setter = sources.get(key, "")
    in_file = not setter or setter not in (COMMAND_LINE, variable_of(*_section_and_key(key)))
    if not in_file or document is None:
        return None, setter or "default"
    return document, document.name


def _keys_in(key: str, value: Any) -> Iterator[str]:
    """A key, and the keys of the tables in its value."""
    yield key
    inner: Any = ()
    if isinstance(value, Mapping):
        inner = ((f"{key}.{name}", one) for name, one in value.items())
    elif isinstance(value, list):
        inner = ((f"{key}[{at}]", one) for at, one in enumerate(value))
    for name, one in inner:
        yield from _keys_in(name, one)


def _line(one: Fault, document: Document | None) -> int:
    place = document.place(one.path) if document else None
    return place.line if place else 0


def _section_and_key(key: str) -> tuple[str, str]:
    section, _, last = key.rpartition(".")
    return section, last


def _lay(raw: dict[str, Any], path: Path, value: Any) -> bool:
    """Put a value into its section, unless something else is there, which is told by itself."""
    *sections, key = path
    place: Any = raw
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            return False
    place[key] = value
    return True


def _file(path: File, text: str | None) -> tuple[dict[str, Any], Document]:
    text = text_of(path) if text is None else text
    try:
        raw = tomllib.loads(text)
    except RecursionError:
        raise SettingsError([f"{path}: is not TOML: its lists are nested too deeply"]) from None
    except ValueError as error:
        raise no_toml(str(path), text, str(error)) from None
    return raw, Document(str(path), text, places(text.replace("\r\n", "\n")))


def _allowed(settings: Settings, document: Document | None) -> frozenset[tuple[str, str]]:
    """The warnings that a comment on or above their line allows."""
    if document is None or not ALLOW.search(document.text):
        return frozenset()
    found = set()
    kinds = [(one.id, one.path) for one in all_warnings(settings)]
    kinds += [(name, path) for name in OF_PROCESS for path in of_process(settings)]
    kinds += [(name, path) for name in OF_MACHINE for path in document.places.values]
    for name, path in kinds:
        place = document.place(path)
        for comment in document.comments_at(place.line) if place else ():
            match = ALLOW.search(comment)
            if match and name in re.split(r"[,\s]+", match[1]):
                found.add((name, dotted(path)))
    return frozenset(found)
