"""Results for people: plots, the HTML report of a run, and text for the terminal."""
