"""How good a trained network is, and where it fails: from the answers that a run has kept, and from new ones."""
