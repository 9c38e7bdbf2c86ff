"""From a drawing or a photo to the digits in it: read the picture, find the ink, ask a trained network."""
