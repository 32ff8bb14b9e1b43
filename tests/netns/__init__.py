"""Whole networks in namespaces: real firewalls, real peers and the gateway between them."""
