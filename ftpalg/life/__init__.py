"""The life of the process: start, signals, drain, reload, upgrade.  Imports nothing at its door."""
