"""TLS of both sides: certificates shown and verified, their times, and what is said of them."""
