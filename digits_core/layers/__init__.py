"""A network as data: kinds of layers, activation functions, what layers cost and see, and ready networks."""
