"""Programs that write the project's pages, tables and figures."""
