"""Tests of the process's life: start, signals, drain, reload, upgrade."""
