"""Where the settings come from, to be read again; and all that is wrong with them, each at its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ftpalg.config import Loaded, Settings, SettingsError
from ftpalg.config.faults import fault_of
from ftpalg.life.faults import CannotStart
from ftpalg.life.files import faults_of_files
from ftpalg.ops.log import LogFault


class Source:
    """``read`` reads them, ``file`` is shown, "" for none."""

    def __init__(self, read: Callable[[], Loaded], file: str = "") -> None:
        self._read = read
        self.file = file
        self.loaded: Loaded | None = None
        """What was read last."""

    def load(self) -> Settings:
        """The settings as they are now.  Raise SettingsError, with what is wrong in the files too."""
        loaded = self.loaded = self._read()
        if loaded.faults:
            raise loaded.error(faults_of_files(loaded.settings))
        return loaded.settings

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What is found wrong meanwhile is told at its place, and with all else that is wrong."""
        try:
            yield
        except SettingsError as error:
            raise self._whole(error) from None
        except (CannotStart, LogFault) as error:
            raise type(error)(self.placed(str(error))) from None

    def _whole(self, error: SettingsError) -> SettingsError:
        if self.loaded is None:
            return error
        found = faults_of_files(self.loaded.settings)
        known = {one.sentence for one in found}
        found += [fault_of(one) for one in error.faults if one not in known]
        return self.loaded.error(found)

    def placed(self, sentence: str) -> str:
        """A sentence with the place of the key that it begins with, if it begins with one."""
        one = fault_of(sentence)
        return self.loaded.tell(one)[0] if self.loaded is not None and one.path else sentence
