"""What the stages of a session let each other know, without knowing who listens."""

from __future__ import annotations

from ftpalg.core.keys import Key, at_hand


class Signal(Key):
    """What a stage lets others know; ``session.SIGNALS`` says who listens."""

    CLIENT_SECURED = "the client begins TLS: what it said in clear counts no more"
    SERVER_SECURED = "TLS with the server stands, which the login began"
    MATCHED = "TLS with the server stands, which the client's AUTH began"
    LEVEL_FOR_ADDRESS = "the server's protection level stands, and addressing waits for it"
    LEVEL_FOR_TRANSFER = "the same, and the transfer waits for it"
    LEVEL_FOR_RETRY = "the same, and a transfer waits for it that was refused once"
    PORT_FAILED = "the server's data port cannot be reached"
    TRANSFER_GIVEN_UP = "the client is to be answered now, and the server brought back by ABOR"
    ABORT_OVER = "the replies behind ABOR have come, or will not"
    SERVER_LEFT = "the server is being left; the client stays and may name another"
    SERVER_REFUSED = "the server that was named is left because it could not be had"
    LEAVING = "the session ends"
    LEFT = "the same, and the client has been told"


SIGNAL = at_hand(Signal)
