"""Several runs side by side: one module per view."""
