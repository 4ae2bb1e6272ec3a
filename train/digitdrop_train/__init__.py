"""Training of the network: runs once, and its only product is the folder `models/`."""
