"""All that the app knows but its pages."""
