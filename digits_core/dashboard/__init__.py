"""What the browser shows: what all pages share, and a package for each page of many parts.

The only package below the pages that imports streamlit.
"""
