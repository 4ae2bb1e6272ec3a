"""From a grey picture to frames as MNIST has them."""
