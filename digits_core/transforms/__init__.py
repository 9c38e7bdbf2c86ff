"""The Transforms page: the steps as controls, the image, the views of a transform, and what to do with it."""

from digits_core.callable_package import let_be_called

let_be_called(__name__, "digits_core.api.pipelines", "transforms")
