"""Account for every picture, explain one that is not read, and repair the outbox."""
