"""The Data page: its views, one module each, and the datasets that people bring."""
