"""How well labelled pictures are read: figures, tables and charts."""
