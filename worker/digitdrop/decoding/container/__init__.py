"""One module for each container format: is a file complete, and what of it is to be decoded?"""
