"""Is every picture accounted for, why is one not read, and bringing together what is apart."""
