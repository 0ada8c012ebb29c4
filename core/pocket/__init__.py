"""Pocket: one HTML file that holds a trained network and reads digits in the visitor's own browser.

page.html names its style and its scripts as any page does, so they can be read, edited and linted as they are;
`document.py` puts them together with a network's weights.
"""
