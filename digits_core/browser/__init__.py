"""A trained network in a browser: one JavaScript module that reads drawings, and what it needs of a run."""
