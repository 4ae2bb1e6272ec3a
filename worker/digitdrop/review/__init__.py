"""`digitdrop review`: a page on which people see, search and correct an outbox."""
