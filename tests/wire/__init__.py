"""Misbehaving peers on real sockets, around a gateway that runs as a child process."""
