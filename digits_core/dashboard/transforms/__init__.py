"""The Transforms page: the steps as controls, the image, what is shown of it, and what becomes of it all."""
