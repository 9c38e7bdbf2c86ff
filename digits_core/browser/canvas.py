"""The paper that people draw a digit on, wherever it is: in the app, and on an exported web page."""

CANVAS_SIDE = 280
"""Pixels: ten for each of the 28 that the network sees."""
BRUSH_WIDTH = 20
"""A thinner brush vanishes when the drawing is brought down to 28×28."""
