"""How is the worker doing, and what needs a person?"""
