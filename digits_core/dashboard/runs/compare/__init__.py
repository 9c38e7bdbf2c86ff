"""Several runs beside each other: one module a view."""
