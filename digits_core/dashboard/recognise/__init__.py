"""The parts of the Recognise page, one module each."""
