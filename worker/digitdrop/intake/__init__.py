"""What lies in the inbox: listed, left alone or settled, and claimed."""
