"""The digits: what there is, where it comes from, which of it is for training and which for testing."""
