"""What ``[log]`` says, as the service fills it in from the settings."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import NamedTuple, Protocol

from ftpalg.core.value import value


class Form(Enum):
    """How a record looks."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class Which(Enum):
    """Which commands get a record."""

    OFF = "off"
    CHANGES = "changes"
    ALL = "all"


class Keep(Enum):
    """How much a record keeps of what concerns a person."""

    WHOLE = "whole"
    SHORT = "short"
    NONE = "none"


class Said(Protocol):
    """The table ``[log]``, whose words are its own enums."""

    @property
    def format(self) -> Enum: ...
    @property
    def to(self) -> str: ...
    @property
    def ladder(self) -> bool: ...
    @property
    def commands(self) -> Enum: ...
    @property
    def xferlog(self) -> Path | None: ...
    @property
    def users(self) -> Enum: ...
    @property
    def addresses(self) -> Enum: ...
    @property
    def paths(self) -> Enum: ...


@value
class LogSettings(NamedTuple):
    """``to`` is "stderr", "syslog", "journald" or "file:PATH"; ``xferlog`` is a file's path, or ""."""

    format: Form = Form.AUTO
    to: str = "stderr"
    ladder: bool = False
    commands: Which = Which.CHANGES
    xferlog: str = ""
    users: Keep = Keep.WHOLE
    addresses: Keep = Keep.WHOLE
    paths: Keep = Keep.WHOLE

    @classmethod
    def of(cls, said: Said) -> LogSettings:
        """What the settings' table says, in the words of this room."""
        return cls(
            Form(said.format.value),
            said.to,
            said.ladder,
            Which(said.commands.value),
            str(said.xferlog or ""),
            Keep(said.users.value),
            Keep(said.addresses.value),
            Keep(said.paths.value),
        )
