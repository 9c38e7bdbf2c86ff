"""What the pages share: their order, the app's state, its errors. The only package that imports streamlit."""
