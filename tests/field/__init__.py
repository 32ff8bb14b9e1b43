"""What was reported from the field, tried on the wire in every combination of modes and TLS."""
