"""The lecture's network, and what can be read off it."""
