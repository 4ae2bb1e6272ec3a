"""Files and folders, opened by descriptor, made durable, and never written over."""
