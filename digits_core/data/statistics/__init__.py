"""What can be said of a set of digits before anything learns from it. Arrays in, arrays or small records out.

Sets of 70,000 images are read in chunks of some megabytes, so that memory stays bounded whatever their number.
"""
