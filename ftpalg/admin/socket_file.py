"""A listening socket in the file system that is never open wider than it shall be.

1. It is bound under another name in the same folder, with a umask that leaves it to its owner alone;
   then its mode is set, and only then it is renamed over the path: there is no moment without a socket
   where there was one, and none with a wrong mode.
2. What stands at the path is replaced where it is a socket that nobody listens on, or that of the
   program whose place this one takes.  Nothing else is.
3. At the end the path is removed where the file is still this one (device and inode): the program that
   has taken over has put its own there.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import struct
from pathlib import Path

SOCKET_MODE = 0o660
FOLDER_MODE = 0o750
LONGEST = 107
"""Bytes of a path: sun_path has 108 with its end (unix(7))."""
BACKLOG = 64
PATIENCE = 1.0
"""Seconds for one who listens to show it: connecting to a Unix socket waits where its queue is full."""
CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


class SocketFault(Exception):
    """Why there can be no socket: a sentence, with the remedy."""


class SocketFile:
    """``socket`` listens.  Made under another name: ``take`` gives it the path."""

    def __init__(self, path: Path, listening: socket.socket, made: Path) -> None:
        self.path = path
        self.socket = listening
        self._made = made
        self._identity = _identity(made)

    def take(self, replaced: int = 0) -> None:
        """Stand at the path from now on.  Raise SocketFault.

        ``replaced`` is the PID of the program whose place this one takes, if it does.
        """
        try:
            _check(self.path, replaced)
            os.rename(self._made, self.path)
        except OSError as error:
            raise fault(self.path, f"{error.strerror}; remove it, or choose another path") from None

    @property
    def stands(self) -> bool:
        """Whether what is found at the path is this one."""
        return _identity(self.path) == self._identity

    def remove(self) -> None:
        """Take away the file, where it is still this one, and close the socket."""
        for place in (self._made, self.path):
            if _identity(place) == self._identity:
                try:
                    os.unlink(place)
                except OSError:
                    pass  # the folder is another's by now; a socket without a listener is replaced
        self.socket.close()


def make(path: Path, replaced: int = 0) -> SocketFile:
    """Bind beside the path and listen; ``take`` is to follow.  Raise SocketFault."""
    made = _beside(path)
    _have_folder(path)
    _check(path, replaced)
    listening = socket.socket(socket.AF_UNIX)
    try:
        made.unlink(missing_ok=True)  # of a process of the same number that was killed
        _bind(listening, made)
        os.chmod(made, SOCKET_MODE)
        listening.listen(BACKLOG)
        return SocketFile(path, listening, made)
    except OSError as error:
        listening.close()
        made.unlink(missing_ok=True)
        raise _unwritable(path, error) from None


def looked_at(path: Path) -> int | None:
    """What ``make`` and ``take`` would find, with nothing changed: the PID of who listens there already, 0
    where it cannot be told; None for nobody.  Raise SocketFault."""
    _beside(path)
    folder = path.parent
    if not folder.exists():
        if not folder.parent.is_dir():
            raise _no_folder(path)
        folder = folder.parent
    elif not folder.is_dir():
        raise _is_no_folder(path)
    if not os.access(folder, os.W_OK | os.X_OK):
        remedy = f"let this user write to {folder}, or choose another path"
        raise fault(path, f"{os.strerror(errno.EACCES)}; {remedy}")
    return _holder(path) if _is_socket(path) else None


def _beside(path: Path) -> Path:
    """The name under which it is made.  Raise SocketFault."""
    made = path.with_name(f".{os.getpid():x}")
    if max(len(os.fsencode(path)), len(os.fsencode(made))) > LONGEST:
        raise fault(path, f"it has more than {LONGEST} bytes; choose a shorter path")
    return made


def _bind(listening: socket.socket, place: Path) -> None:
    before = os.umask(0o177)
    try:
        listening.bind(os.fsencode(place))
    finally:
        os.umask(before)


def _have_folder(path: Path) -> None:
    folder = path.parent
    try:
        folder.mkdir(FOLDER_MODE)
        os.chmod(folder, FOLDER_MODE)  # whatever the umask has left of it
    except FileExistsError:
        if not folder.is_dir():
            raise _is_no_folder(path) from None
    except FileNotFoundError:
        raise _no_folder(path) from None
    except OSError as error:
        raise _unwritable(path, error) from None


def _is_no_folder(path: Path) -> SocketFault:
    return fault(path, f"{path.parent} is no folder; choose another path")


def _no_folder(path: Path) -> SocketFault:
    return fault(path, f"there is no folder {path.parent.parent}; make it")


def _is_socket(path: Path) -> bool:
    """False where nothing is there.  Raise SocketFault where something else is."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unwritable(path, error) from None
    if not stat.S_ISSOCK(found.st_mode):
        raise fault(
            path, "something else than a socket is there; remove it, or choose another path"
        )
    return True


def _check(path: Path, replaced: int) -> None:
    """Raise SocketFault where something is there that is not to be replaced."""
    if not _is_socket(path):
        return
    holder = _holder(path)
    if holder == 0 or holder not in (None, replaced):
        raise fault(path, f"{called(holder)} listens there; end it, or choose another path")


def called(holder: int) -> str:
    """Who that is, in words."""
    return f"PID {holder} {_name(holder)}".strip() if holder else "a program"


def _holder(path: Path) -> int | None:
    """The PID of who listens there, 0 where it cannot be told; None for nobody."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(PATIENCE)
        try:
            asking.connect(os.fsencode(path))
            raw = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        except OSError as error:
            return None if error.errno in (errno.ECONNREFUSED, errno.ENOENT) else 0
        except AttributeError:
            return 0  # this system does not tell
    return int(CREDENTIALS.unpack(raw)[0])


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = os.lstat(path)
    except OSError:
        return -1, -1
    return found.st_dev, found.st_ino


def _unwritable(path: Path, error: OSError) -> SocketFault:
    remedy = f"let the gateway's user write to {path.parent}, or choose another path"
    return fault(path, f"{error.strerror}; {remedy}")


def fault(path: Path, why: str) -> SocketFault:
    """The sentence, with its setting first."""
    return SocketFault(f'admin.socket = "{path}": {why}.')
