"""The commands of `python -m digits_core`, one module each: its options, and what it does over the library."""
