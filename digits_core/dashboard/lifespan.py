"""What happens once per server: before the first page is served, and when the server ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from digits_core.dashboard import clicks, finished_runs, state


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Start the app's state, serve, and stop it again, also when the server is interrupted."""
    clicks.count_once()
    finished_runs.tell_all()
    # In a thread: reading the store may take a while, and the server's loop must not wait for it.
    await asyncio.to_thread(state.start)
    try:
        yield
    finally:
        await asyncio.to_thread(state.stop)
