"""The colours that mean the same on every page, told apart by colour-blind eyes, and seen on white as on black."""

COLOURS = {"top": "#2e86de", "bottom": "#e8700a"}
SUM_COLOUR = "#7d8794"
POSITIVE, NEGATIVE = "#009e73", "#b5478a"  # neither top's colour nor bottom's
