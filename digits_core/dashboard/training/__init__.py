"""The Training page: the form and its links, controls and queue, and what is shown of a run while it trains."""
