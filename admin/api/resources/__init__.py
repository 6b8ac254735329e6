"""The resources of the API, one a file: their types, and what can be done with them."""
