"""Tests of the admin socket and its verbs."""
