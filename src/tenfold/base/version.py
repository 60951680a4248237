"""The installed version and where tenfold is developed, as the package's metadata have them."""

from importlib import metadata

VERSION = metadata.version("tenfold")
REPOSITORY = next(
    url.removeprefix("Repository, ")
    for url in metadata.metadata("tenfold").get_all("Project-URL", [])
    if url.startswith("Repository, ")
)
