"""Runs trained in processes of their own, on Dask: the embedded cluster of one machine, or one that exists already."""

SCHEDULER_VARIABLE = "DIGITS_SCHEDULER"
"""Names the address of a cluster that exists already."""
