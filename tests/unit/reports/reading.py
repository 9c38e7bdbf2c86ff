"""What the tests of reports share: hostile words, and what a browser would see of a page."""

from html.parser import HTMLParser

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><h1>x",
    "</title></svg>",
    "&lt;b&gt;",
    "' onload='alert(1)",
    "\ud800",
    "{{7*7}} javascript:alert(1)",
]


class Seen(HTMLParser):
    """The elements, attributes and words of a page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(content.decode("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words += data
