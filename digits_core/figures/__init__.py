"""Pictures of everything: pure functions, plain data in, plotly figure out. They import nothing else of ours."""
