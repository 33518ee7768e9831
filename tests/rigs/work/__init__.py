"""An app whose tasks only the tests and benchmarks of the jobs know."""
