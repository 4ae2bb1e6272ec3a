"""Why is one picture not read, or what became of it?"""
