"""Measurements: programs that print numbers, and the pictures they need."""
