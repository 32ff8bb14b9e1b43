"""The protocol, sans I/O: no Twisted, no socket, no clock.  ``session.Session`` is the way in."""
