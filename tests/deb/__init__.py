"""The Debian package, in a clean root."""
