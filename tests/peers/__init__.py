"""Real clients and real servers, with the gateway as a real process between them."""
