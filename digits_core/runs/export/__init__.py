"""A run to take away: its weights, its history, and itself as a script or notebook. Files as bytes, by their names."""
