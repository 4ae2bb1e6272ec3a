"""The same reading on many machines, by Ray Data. Only here are Ray and Arrow known."""
