"""Where modules, processes and hosts meet: what one leaves, another finds whole."""
