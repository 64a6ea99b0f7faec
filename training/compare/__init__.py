"""Twins side by side: the same seeds, data order, budget and metrics; what each one reaches and what it costs."""
