"""Several processes that are one gateway: a supervisor, its workers, and what they say to each other.
Imports nothing at its door."""
