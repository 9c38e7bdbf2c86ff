"""The Handwriting page: the input methods for digits, and the collected digits."""
