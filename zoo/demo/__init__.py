"""Build and serve a page on which people try the published models, in their browser."""
