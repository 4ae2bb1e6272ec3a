"""Why is a picture not read, or what became of it? What can be seen of it -> one answer."""
