"""Reports as one HTML file each, to be mailed, printed and handed in: no program, no network, no other file."""
