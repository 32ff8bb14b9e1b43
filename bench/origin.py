"""The server of the measurements: pyftpdlib, serving the folder named on its command line."""

from __future__ import annotations

import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

logging.disable(logging.CRITICAL)
authorizer = DummyAuthorizer()
authorizer.add_user("bench", "bench", sys.argv[1], perm="elradfmwMT")
FTPHandler.authorizer = authorizer
FTPHandler.timeout = 3600
server = FTPServer(("127.0.0.1", 0), FTPHandler, backlog=4096)
server.max_cons = 60000
print(server.socket.getsockname()[1], flush=True)
server.serve_forever()
