"""How good a trained network is, and where it fails: from the predictions stored with a run, and from new ones."""
