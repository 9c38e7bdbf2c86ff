"""What trainings leave behind: a row and its epochs in the database, weights and logits in a folder."""
