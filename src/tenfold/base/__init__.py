"""What everything else stands on: errors, files, settings, and the form of the images."""
