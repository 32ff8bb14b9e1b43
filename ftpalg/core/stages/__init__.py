"""The parts of a session; each knows the desk and the stages before it."""
