"""The number reader's training: strings of digits on all kinds of paper, the network, its card."""
