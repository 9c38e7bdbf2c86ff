"""Source: the network as PyTorch code that runs on its own."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.network.choices import choose_dropout, choose_subject


def show() -> None:
    from digits_core.network.source import as_source

    with st.container(horizontal=True, vertical_alignment="bottom"):
        subject = choose_subject()
        # A run was trained with its own.
        dropout = subject.config.training.dropout if subject.run_id else choose_dropout()
    st.code(as_source(subject.config.network, subject.size, dropout), language="python")
    st.caption(
        "Copy it with the button in its corner and run it: it needs torch and nothing else. It is the class that this "
        "app trains. The weights of a run go into it with "
        '`network.load_state_dict(safetensors.torch.load_file("weights.safetensors"))`.'
    )
