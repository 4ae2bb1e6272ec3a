"""TODO outbox."""
