"""Videos in an order: chosen by hand, or by a query."""
