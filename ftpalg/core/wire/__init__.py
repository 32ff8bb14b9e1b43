"""The codecs: bytes and strings to frozen values and back; nothing here knows a session."""
