"""Many downloads at once: the bytes that each gets in the same time."""

from __future__ import annotations

import ftplib
import selectors
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

from bench.running import Running
from bench.work import AT_ONCE

WARM = 6.0
"""Seconds in which what came before the last one had begun leaves the buffers: megabytes of each."""
WINDOW = 1 << 17
"""Bytes that wait at a client.  With all that a thousand of them would be given the kernel has no memory left
for TCP, and drops what comes: some transfers stand still then."""
PIECE = bytearray(1 << 16)


def shares(one: Running, many: int, size: int, seconds: float) -> list[int]:
    """The bytes that each of so many downloads gets in that time, which begins a while after all have."""
    with ExitStack() as stack:
        with ThreadPoolExecutor(AT_ONCE) as threads:

            def come(_: int) -> socket.socket:
                session = stack.enter_context(closing(one.client()))
                return stack.enter_context(begun(session, size))

            downloads = list(threads.map(come, range(many)))
        return counted(downloads, seconds)


def begun(session: ftplib.FTP, size: int) -> socket.socket:
    """The data connection of a download, with a window that does not grow."""
    host, port = session.makepasv()
    data = socket.socket()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
    data.connect((host, port))
    said = session.sendcmd(f"RETR {size}")
    assert said[:1] == "1", said
    return data


def counted(downloads: list[socket.socket], seconds: float) -> list[int]:
    """The bytes that come in so many seconds behind those that warm up."""
    moved: dict[socket.socket, int] = {}
    with selectors.DefaultSelector() as ready:
        for data in downloads:
            data.setblocking(False)
            ready.register(data, selectors.EVENT_READ, data)
        for part in (WARM, seconds):
            moved = dict.fromkeys(downloads, 0)
            end = time.perf_counter() + part
            while (left := end - time.perf_counter()) > 0:
                for key, _ in ready.select(left):
                    got = key.data.recv_into(PIECE)
                    assert got, "a download has ended"
                    moved[key.data] += got
    return list(moved.values())
