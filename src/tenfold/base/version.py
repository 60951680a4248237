"""The installed version, as the package's metadata have it."""

from importlib import metadata

VERSION = metadata.version("tenfold")
