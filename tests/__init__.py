"""The tests, and the programs that measure: both begin with homes that are empty."""

import os

# A new home begins with Starter, a trained run; what is tested here brings its own runs.
os.environ.setdefault("DIGITS_STARTER", "off")
