"""The network side over real loopback sockets, and with a reactor of the tests' own."""
