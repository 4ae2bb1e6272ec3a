"""What the worker writes: the report, and the pictures on their shelves."""
