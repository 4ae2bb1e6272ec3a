"""The inbox: listed, left alone or settled, and claimed."""
