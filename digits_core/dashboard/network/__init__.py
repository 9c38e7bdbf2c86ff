"""The views of the Network page: each draws its controls and its pictures; only the chosen one runs."""
