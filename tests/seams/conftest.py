"""The store and the data of the unit tests, for those that reach across modules."""

from tests.pages.conftest import open_page
from tests.unit.conftest import catalogue, database, few_mnist, few_optdigits, mnist_5k, optdigits, store

__all__ = ["catalogue", "database", "few_mnist", "few_optdigits", "mnist_5k", "open_page", "optdigits", "store"]
