"""Small models, data and processes that tests share."""
