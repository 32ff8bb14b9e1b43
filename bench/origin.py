"""The server of the measurements: pyftpdlib, serving the folder named on its command line.

With certificate and private key it offers TLS.  With data ports it takes no others.
"""

from __future__ import annotations

import argparse
import logging

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer


def main() -> None:
    """Print the port, and serve until it is ended."""
    words = argparse.ArgumentParser(prog="python -m bench.origin", description=__doc__)
    words.add_argument("folder")
    words.add_argument("pair", nargs="*", help="certificate and private key")
    words.add_argument("--host", default="127.0.0.1")
    words.add_argument("--data-ports", nargs=2, type=int, metavar=("FIRST", "LAST"))
    given = words.parse_args()
    logging.disable(logging.CRITICAL)
    handler = TLS_FTPHandler if given.pair else FTPHandler
    if given.pair:
        handler.certfile, handler.keyfile = given.pair
    if given.data_ports:
        first, last = given.data_ports
        handler.passive_ports = range(first, last + 1)
    authorizer = DummyAuthorizer()
    authorizer.add_user("bench", "bench", given.folder, perm="elradfmwMT")
    handler.authorizer = authorizer
    handler.timeout = 3600
    server = FTPServer((given.host, 0), handler, backlog=4096)
    server.max_cons = 60000
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever()


main()
