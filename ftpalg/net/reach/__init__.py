"""The way to a server."""
