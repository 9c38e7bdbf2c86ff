"""The commands of `python -m digits_core`, one module each: its options, and how it calls the library."""
