"""Files and folders: opened by descriptor, made durable, never overwritten; locks and mounts."""
