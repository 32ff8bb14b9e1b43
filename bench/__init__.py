"""Measures the gateway: ``python -m bench``.  Nothing here is asserted by a test."""
