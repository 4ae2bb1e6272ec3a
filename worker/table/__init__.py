"""The report's rows: how they are written, read again, named, and told apart."""
