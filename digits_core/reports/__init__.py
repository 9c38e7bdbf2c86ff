"""Reports to mail, print and hand in, each one HTML file without scripts, network access or other files."""
