"""What a chart sends to the browser is plain, whatever numbers its caller counted with."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from digits_core.dashboard.charts import payload


@pytest.mark.parametrize("kind", [int, np.int16, np.uint8, np.int64, np.float64])
def test_a_chart_is_sent_as_plain_values(kind):
    chart = go.Figure(go.Scatter(x=np.arange(3), y=np.array([kind(1), np.nan, kind(2)])))
    sent = payload(chart, np.str_("Loss"), kind(120))

    assert {type(value) for value in sent.values()} <= {str, int}
    assert (sent["alt"], sent["height"]) == ("Loss", 120)
    assert json.loads(json.dumps(sent)) == sent
