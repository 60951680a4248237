"""Long jobs: training runs, studies, comparisons, many pictures at once; on one machine or on a Ray cluster."""
