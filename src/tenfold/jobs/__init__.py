"""Work that takes a while: runs, studies, comparisons, piles of pictures, on one machine or on a Ray cluster."""
