"""What everything else rests on: errors, files, settings, and the form of the images."""
