"""Results for people: plots, the HTML page of a run, and text for the terminal."""
