"""The ``ftpalg`` command, word by word."""
