"""How the docstrings of this project are read, where Griffe reads them otherwise for mkdocstrings."""

from typing import Any

import griffe

ERRORS = "digits_core.errors"


class OurDocstrings(griffe.Extension):
    """Reads `Example:` as the section that Griffe calls `Examples:`, and links the errors that functions raise."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rename the section, which would be an ordinary paragraph."""
        if obj.docstring:
            obj.docstring.value = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Make our errors known in every module: many raise one by calling another that has imported it."""
        errors = pkg["errors"].classes
        waiting = [pkg]
        while waiting:
            module = waiting.pop()
            waiting += [each for each in module.modules.values() if not each.is_alias]
            for name in errors:
                if name not in module.members:
                    module.set_member(name, griffe.Alias(name, f"{ERRORS}.{name}", parent=module))
