"""What the app process holds while it serves."""


def start() -> None:
    """Make ready what the pages need; called once, before the first page is served."""


def stop() -> None:
    """End everything that the app started; called once, when the server ends."""
