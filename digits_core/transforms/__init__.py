"""From a stored image to what the network reads: one image at a time, or a whole batch at once."""
