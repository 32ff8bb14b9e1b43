"""Programs that the hosts of a world run, in Python and in lftp's language."""

PYFTPDLIB = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
port, root, user, password, low, high, advertised, promiscuous = sys.argv[1:]
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user(user, password, root, perm="elradfmwMT")
FTPHandler.passive_ports = range(int(low), int(high) + 1)
FTPHandler.masquerade_address = advertised or None
FTPHandler.permit_foreign_addresses = bool(promiscuous)
FTPServer(("::", int(port)), FTPHandler).serve_forever()
"""
"""A server with one account; its log tells addresses.  Unless it is promiscuous, data connections go to
and come from the control connection's peer only."""

FTPLIB = """
import ftplib, sys
host, port, user, password, passive, verb, name, strict = sys.argv[1:]
class Ftp(ftplib.FTP):
    trust_server_pasv_ipv4_address = True
    def ntransfercmd(self, *words):
        sock, size = super().ntransfercmd(*words)
        ours, theirs = self.sock.getpeername()[0], sock.getpeername()[0]
        assert not strict or ours == theirs, f"data from {theirs}, control from {ours}"
        return sock, size
ftp = Ftp(timeout=10)
ftp.connect(host, int(port))
ftp.login(user, password)
ftp.set_pasv(passive == "yes")
if verb == "RETR":
    ftp.retrbinary(f"RETR {name}", sys.stdout.buffer.write)
else:
    ftp.storbinary(f"STOR {name}", sys.stdin.buffer)
ftp.quit()
"""
"""A client that takes the address in a 227 at its word."""

LFTP = """
set net:max-retries 1
set net:timeout 10
set ftp:passive-mode {passive}
open -u {account},{password} -p {port} {host}
{order}
bye
"""
"""What lftp is told; braces are filled in."""

REACH = """
import errno, json, resource, select, socket, sys
host, wait, *ports = sys.argv[1:]
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
poll, socks, found = select.poll(), {}, {}
for port in map(int, ports):
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setblocking(False)
    if sock.connect_ex((host, port)) not in (0, errno.EINPROGRESS):
        continue
    socks[sock.fileno()] = sock, port
    poll.register(sock, select.POLLOUT)
while socks and (ready := poll.poll(float(wait) * 1000)):
    for number, _ in ready:
        poll.unregister(number)
        sock, port = socks.pop(number)
        # a reset comes from who has accepted before: a closed port refuses
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in (0, errno.ECONNRESET):
            sock.settimeout(2)
            try:
                found[port] = sock.recv(1000).decode()
            except OSError:
                found[port] = ""
print(json.dumps(found))
"""
"""Connects to all ports at once; prints those that accept, with their first words."""

TALK = """
import socket, sys
source, host, port, *lines = sys.argv[1:]
sock = socket.create_connection((host, int(port)), 5, (source, 0))
try:
    sock.sendall("".join(f"{line}\\r\\n" for line in lines).encode())
    while piece := sock.recv(1000):
        print(piece.decode(), end="")
except ConnectionResetError:
    print("reset")
"""
"""Says these lines from that address all at once; prints what comes back."""
