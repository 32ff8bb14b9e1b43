"""Why a session goes where it goes: the decisions of a gateway, each rule with what came of it."""
