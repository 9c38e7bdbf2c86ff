"""Runs: a row with its epochs in the database, and a folder with weights and logits.

The package can be called: `digits_core.runs()` is `digits_core.api.run_table.runs`, which lists the runs.
"""

from digits_core.callable_package import let_be_called

let_be_called(__name__, "digits_core.api.run_table", "runs")
