"""Find the reason why a picture is not read, or the row that it has."""
