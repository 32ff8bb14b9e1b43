"""Settings: TOML in, frozen values or a message out."""
