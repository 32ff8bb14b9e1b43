"""The server of the measurements: pyftpdlib, serving the folder named on its command line.

With two files named behind it, certificate and private key, it offers TLS.
"""

from __future__ import annotations

import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

logging.disable(logging.CRITICAL)
folder, *pair = sys.argv[1:]
handler = TLS_FTPHandler if pair else FTPHandler
if pair:
    handler.certfile, handler.keyfile = pair
authorizer = DummyAuthorizer()
authorizer.add_user("bench", "bench", folder, perm="elradfmwMT")
handler.authorizer = authorizer
handler.timeout = 3600
server = FTPServer(("127.0.0.1", 0), handler, backlog=4096)
server.max_cons = 60000
print(server.socket.getsockname()[1], flush=True)
server.serve_forever()
