"""Confidence intervals of proportions and of their differences."""

import math

from scipy.stats import binomtest

QUANTILE = 1.959964  # of the normal distribution, for 95%


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """The 95% Wilson score interval of a proportion.

    Args:
        hits: the number of successes.
        n: the number of trials, at least 1.

    Returns:
        `(low, high)`, both from 0 to 1.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.

    Example:
        >>> from tenfold import evaluation
        >>> low, high = evaluation.wilson_interval(9_950, 10_000)
        >>> f"{low:.2%} to {high:.2%}"
        '99.34% to 99.62%'
    """
    low, high = binomtest(hits, n).proportion_ci(method="wilson")
    return float(low), float(high)


def paired_interval(only_first: int, only_second: int, n: int) -> tuple[float, float]:
    """The 95% adjusted Wald interval of the difference between two paired proportions.

    Args:
        only_first: how many of the pairs succeeded only the first time.
        only_second: how many succeeded only the second time.
        n: the number of pairs, at least 1.

    Returns:
        `(low, high)` for the first proportion minus the second, both from -1 to 1.

    Source: D. G. Bonett and R. M. Price, "Adjusted Wald Confidence Interval for a Difference of Binomial Proportions
    Based on Paired Data", Journal of Educational and Behavioral Statistics 37(4), 2012.
    """
    first, second = (only_first + 1) / (n + 2), (only_second + 1) / (n + 2)
    center = first - second
    half_width = QUANTILE * math.sqrt((first + second - center**2) / (n + 2))
    return max(-1.0, center - half_width), min(1.0, center + half_width)
