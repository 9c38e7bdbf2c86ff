"""Runs trained in processes of their own, on Dask: the embedded cluster of one machine, or one that exists already."""
