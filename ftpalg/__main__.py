"""The ``ftpalg`` command."""
# ruff: noqa: E402 -- signals are taken before the imports, which take their time

from __future__ import annotations

import os
import sys

INTERRUPTED = 130
"""What a shell makes of SIGINT."""
try:
    import signal
except KeyboardInterrupt:
    os._exit(INTERRUPTED)

OURS = __name__ == "__main__" or os.path.basename("".join(sys.argv[:1])) == "ftpalg"
"""Whether the process is the command's own."""
if OURS and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a KeyboardInterrupt in an import is a traceback

import errno
import gc
from importlib import import_module
from typing import Any

from ftpalg.life.signals import WORKER, Signals, apart

SIGNALS = Signals()
if sys.argv[1:2] == ["run"]:
    apart() if WORKER in os.environ else SIGNALS.take()
    gc.disable()  # nothing of a start is garbage; ftpalg.life.garbage enables it again

from ftpalg.cli import DONE, FAILED, WRONG
from ftpalg.cli.parser import WrongWords, parse

LOST = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""What writing to standard output fails with."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    try:
        status = _flushed(_status(words))
        _be_interrupted(signal.default_int_handler, signal.SIG_DFL)
        return status
    except KeyboardInterrupt:
        return _interrupted()
    except OSError as error:
        if error.errno not in LOST or error.filename is not None:
            raise
        return _lost(error)


def _status(words: list[str]) -> int:
    """Do what the words say."""
    try:
        found = parse(words)
    except WrongWords as error:
        print(error, file=sys.stderr)
        return WRONG
    except SystemExit:  # argparse has printed the help
        return DONE
    found.signals = SIGNALS
    does = "version:version" if found.version else found.does
    module, _, function = does.partition(":")
    command = getattr(import_module(f"ftpalg.cli.{module}"), function)
    _be_interrupted(signal.SIG_DFL, signal.default_int_handler)
    status: int = command(found)
    return status


def _be_interrupted(before: Any, now: Any) -> None:
    """Ctrl-C ends the process by the signal, or raises in a command, which may have to tidy up."""
    if OURS and signal.getsignal(signal.SIGINT) is before:
        signal.signal(signal.SIGINT, now)


def _flushed(status: int) -> int:
    """The status, once what was printed has arrived.  Python has no stdout where it was closed."""
    if sys.stdout is not None:
        sys.stdout.flush()
    return status


def _interrupted() -> int:
    """Ctrl-C.  Ending by the signal itself, a loop of the shell that runs the command ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)
    return FAILED


def _lost(error: OSError) -> int:
    """Standard output takes no more: what is left is let go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno != errno.EPIPE:  # whose reader has seen enough
        print(f"ftpalg: standard output cannot be written: {error.strerror}", file=sys.stderr)
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
