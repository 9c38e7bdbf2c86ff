"""Statistics of a dataset before any training. Arrays in, arrays or small records out.

Datasets of 70,000 images are processed in chunks of a few megabytes, so that memory stays bounded whatever their size.
"""
