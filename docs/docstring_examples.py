"""Let mkdocstrings show `Example:` in a docstring as code: Griffe only knows the section as `Examples:`."""

from typing import Any

import griffe


class SingleExamples(griffe.Extension):
    """Renames the section of every docstring that is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")
