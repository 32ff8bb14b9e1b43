"""The gateway seen and steered while it runs: HTTP and JSON over a Unix socket.

Verbs read snapshots and facts, and act through ``steered.Steered``: none holds a live session.
"""
