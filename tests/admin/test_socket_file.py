"""The socket in the file system: who may have it, whom it replaces, and whose it is at the end."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin import socket_file
from ftpalg.admin.socket_file import LONGEST, SocketFault, SocketFile, make


def mode(path: Path) -> int:
    """Its rights."""
    return stat.S_IMODE(os.lstat(path).st_mode)


class SocketFiles(SynchronousTestCase):
    """In a folder of one's own."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-admin-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.path = self.folder / "run" / "admin.sock"

    def made(self, replaced: int = 0) -> SocketFile:
        """One that stands at the path."""
        found = make(self.path, replaced)
        self.addCleanup(found.remove)
        found.take(replaced)
        return found

    def refused(self, path: Path | None = None, replaced: int = 0) -> str:
        """Why there can be none."""
        with self.assertRaises(SocketFault) as caught:
            make(path or self.path, replaced).take(replaced)
        return str(caught.exception)

    def other(self) -> socket.socket:
        """Somebody else's at the path."""
        self.path.parent.mkdir(exist_ok=True)
        self.path.unlink(missing_ok=True)
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.bind(str(self.path))
        return sock

    def test_modes(self) -> None:
        """0660 in a folder of 0750 that is made, whatever the umask is, which stays what it was."""
        for umask in (0, 0o077):
            before = os.umask(umask)
            try:
                found = make(self.path)
                found.take()
                self.assertEqual(os.umask(umask), umask)
            finally:
                os.umask(before)
            self.assertEqual((mode(self.path), mode(self.path.parent)), (0o660, 0o750), oct(umask))
            found.remove()
            self.path.parent.rmdir()

    def test_never_wider(self) -> None:
        """From the moment of bind it is its owner's, under another name until it is right."""
        seen = []
        real = socket_file._bind

        def bind(listening: socket.socket, place: Path) -> None:
            real(listening, place)
            seen.append((place == self.path, mode(place)))

        self.patch(socket_file, "_bind", bind)
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.made()
        self.assertEqual(seen, [(False, 0o600)])
        self.assertEqual([one.name for one in self.path.parent.iterdir()], ["admin.sock"])

    def test_folder_stays(self) -> None:
        """A folder that is there keeps its mode."""
        self.path.parent.mkdir()
        os.chmod(self.path.parent, 0o711)
        self.made()
        self.assertEqual(mode(self.path.parent), 0o711)

    def test_answers(self) -> None:
        """Whoever connects is heard."""
        found = self.made()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.path))
            found.socket.accept()[0].close()

    def test_stale(self) -> None:
        """A socket that nobody listens on is replaced."""
        self.other().close()
        self.assertTrue(self.made().stands)

    def test_bound_only(self) -> None:
        """One that is bound and does not listen is nobody's either."""
        self.other()
        self.assertTrue(self.made().stands)

    def test_live(self) -> None:
        """One that somebody listens on is refused; the sentence says who that is."""
        self.other().listen()
        said = self.refused()
        self.assertIn(f'admin.socket = "{self.path}": PID {os.getpid()} ', said)
        self.assertIn("end it, or choose another path", said)

    def test_full(self) -> None:
        """One whose queue is full is alive: it is asked for a second, and not for ever."""
        other = self.other()
        other.listen(0)
        self.patch(socket_file, "PATIENCE", 0.05)
        waiting = []
        for _ in range(10):
            sock = socket.socket(socket.AF_UNIX)
            self.addCleanup(sock.close)
            sock.setblocking(False)
            waiting.append(sock.connect_ex(str(self.path)))
        self.assertTrue(any(waiting), "the queue is full")
        self.assertIn("a program listens there", self.refused())

    def test_replaced(self) -> None:
        """That of the program before this one is taken over, with no moment without one."""
        code = (
            "import socket, sys\n"
            "s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n"
            "print('there', flush=True); sys.stdin.read()\n"
        )
        self.path.parent.mkdir()
        before = subprocess.Popen(
            [sys.executable, "-c", code, str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.addCleanup(before.communicate)
        assert before.stdout is not None
        self.assertEqual(before.stdout.readline(), b"there\n")
        self.assertIn(f"PID {before.pid} ", self.refused())
        self.assertTrue(self.made(before.pid).stands)

    def test_no_socket(self) -> None:
        """A file, a folder or a link is nobody's to be replaced, wherever the link leads."""
        self.path.parent.mkdir()
        elsewhere = self.folder / "elsewhere"
        for make_it in (
            lambda: self.path.write_text("mine"),
            self.path.mkdir,
            lambda: self.path.symlink_to(elsewhere),
        ):
            make_it()
            self.assertIn("something else than a socket is there; remove it", self.refused())
            self.assertTrue(os.path.lexists(self.path))
            self.path.rmdir() if self.path.is_dir() else self.path.unlink()
        self.assertEqual(list(self.path.parent.iterdir()), [])

    def test_comes_between(self) -> None:
        """What has come to the path since it was looked at is not replaced either."""
        found = make(self.path)
        self.addCleanup(found.remove)
        self.path.write_text("mine")
        with self.assertRaises(SocketFault):
            found.take()
        self.assertEqual(self.path.read_text(), "mine")

    def test_too_long(self) -> None:
        """A path has 107 bytes at most; its length is said before the kernel does, in its own words."""
        spare = LONGEST - len(os.fsencode(self.path.parent)) - 1
        self.path = self.path.with_name("s" * spare)
        self.made().remove()
        said = self.refused(self.path.with_name("s" * (spare + 1)))
        self.assertIn("it has more than 107 bytes; choose a shorter path", said)

    def test_no_folder(self) -> None:
        """Only the last folder is made."""
        said = self.refused(self.folder / "a" / "b" / "s")
        self.assertIn(f"there is no folder {self.folder / 'a'}; make it", said)
        self.assertFalse((self.folder / "a").exists())

    def test_file_for_a_folder(self) -> None:
        """Nor is a file a folder, at whatever height."""
        (self.folder / "f").write_text("")
        self.assertIn("is no folder", self.refused(self.folder / "f" / "s"))
        self.assertIn("Not a directory", self.refused(self.folder / "f" / "g" / "s"))

    def test_not_writable(self) -> None:
        """Where the user may not write, the remedy says so."""
        self.path.parent.mkdir()

        def bind(listening: socket.socket, place: Path) -> None:
            raise PermissionError(13, "Permission denied")

        self.patch(socket_file, "_bind", bind)
        said = self.refused()
        self.assertIn("Permission denied; let the gateway's user write to", said)

    def test_rename_fails(self) -> None:
        """Nothing is left behind."""
        found = make(self.path)

        def rename(old: Path, new: Path) -> None:
            raise OSError(30, "Read-only file system")

        self.patch(os, "rename", rename)
        with self.assertRaises(SocketFault):
            found.take()
        found.remove()
        self.assertEqual(list(self.path.parent.iterdir()), [])

    def test_removed(self) -> None:
        """At the end the file goes; a second time changes nothing."""
        found = self.made()
        found.remove()
        found.remove()
        self.assertEqual(list(self.path.parent.iterdir()), [])

    def test_anothers_stays(self) -> None:
        """The file of whoever has taken the path meanwhile is left alone."""
        found = self.made()
        other = self.other()
        self.assertFalse(found.stands)
        found.remove()
        self.assertTrue(self.path.exists())
        other.close()

    def test_gone(self) -> None:
        """Somebody has removed it, with its folder: nothing is to be done."""
        found = self.made()
        self.path.unlink()
        self.path.parent.rmdir()
        self.assertFalse(found.stands)
        found.remove()
