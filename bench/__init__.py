"""Measures the gateway: ``python -m bench.peers``, and others.  Nothing here is asserted by a test."""
