"""The Data page: its views, one module each, and the users' own datasets."""
