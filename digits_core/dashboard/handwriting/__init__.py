"""The Handwriting page: the ways to collect digits, and what was collected."""
