"""The commands behind what the pages show: tables, worked numbers and pictures."""
