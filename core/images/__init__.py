"""The images that networks are trained and judged on, and how they are made."""
