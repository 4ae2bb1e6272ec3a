"""Several pictures at a time: by threads, by processes, and slow ones in a lane of their own."""
