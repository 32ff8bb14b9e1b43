"""Pure functions over facts: no clock, no socket, no state."""
