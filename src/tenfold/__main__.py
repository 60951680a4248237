"""`python -m tenfold` is the same as `tenfold`."""

from tenfold.cli import main

if __name__ == "__main__":  # the workers of `tenfold serve` import it under another name
    main()
