"""Twisted: bytes to events, and actions to the network."""
