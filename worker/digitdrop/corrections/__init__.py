"""What people put right: a picture moved into `review/7/` gets a row that says so."""
