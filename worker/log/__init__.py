"""The log: for people, machines or the journal; what repeats is folded."""
