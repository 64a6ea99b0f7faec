"""Train a task in one loop, on the replicas of any strategy.

Import from the modules: this package stays empty, so that what needs only `precision` does not load the loop.
"""
