"""From a stored image to what the network reads: one image at a time, or a whole batch at once.

The package can be called: `digits_core.transforms(config)` is `digits_core.api.pipelines.transforms`, which builds
the two ways of an image.
"""

from digits_core.callable_package import let_be_called

let_be_called(__name__, "digits_core.api.pipelines", "transforms")
