"""The core's ladders, played over real sockets."""
