"""The installed version, and where tenfold is developed, from the package's metadata."""

from importlib import metadata

VERSION = metadata.version("tenfold")
REPOSITORY = next(
    url.removeprefix("Repository, ")
    for url in metadata.metadata("tenfold").get_all("Project-URL", [])
    if url.startswith("Repository, ")
)
