"""Everything that can happen to a session, walked; and what the walk must notice."""
