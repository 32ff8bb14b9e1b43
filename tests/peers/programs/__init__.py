"""Programs that the tests run: servers and clients made from libraries, each in its own language.

A client gets host, port, user, password, folder, ``clear`` or ``tls`` and ``passive`` or ``active`` as
its arguments, and a line ``verb TAB name`` per step on its standard input.  It does them in one session,
prints what was refused, and goes on.
"""
