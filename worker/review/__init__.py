"""What people put right: from a picture in `review/7/` to its row, and to a labelled folder."""
