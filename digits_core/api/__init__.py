"""What `import digits_core as dl` offers to notebooks and scripts, above everything that it is made of.

Nothing here computes: each name calls what the app and the shell call, and shows the result as a notebook can.
`digits_core/__init__.py` imports each of these modules when something of it is first asked for.
"""
