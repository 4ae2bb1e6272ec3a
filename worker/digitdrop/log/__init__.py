"""The log: a line for people, or a JSON object for machines."""
