"""Control connections."""
