"""All figures: pure functions that take plain data and return a plotly figure. They import no other package of ours."""
