"""A run to take away: its weights, its history, and itself as one plain script. Files as bytes, by their names."""
