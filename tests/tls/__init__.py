"""TLS on either leg: real gateways between scripted peers, and between real ones."""
