"""Export of a run: its weights, its history, and a script or notebook that repeats it. Files as bytes, by name."""
