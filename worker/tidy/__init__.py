"""What keeps the outbox small: old pictures of `done/`, and when it is time for them."""
