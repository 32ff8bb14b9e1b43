"""The units of systemd in etc/systemd: what systemd's own tools say of them, and the gateway under what
they forbid."""
