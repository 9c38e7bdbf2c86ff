"""How the network learns: a loop that yields events, where its batches come from, and recipes to start from."""
