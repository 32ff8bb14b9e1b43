"""The log: what it says and what it never says."""
