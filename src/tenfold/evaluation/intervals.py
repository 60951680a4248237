"""Confidence intervals of proportions and of their differences."""

import math


def wilson_interval(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The Wilson score interval of a proportion.

    Args:
        hits: the number of successes.
        n: the number of trials, at least 1.
        z: the normal quantile; the default gives 95 %.

    Returns:
        `(low, high)`, both from 0 to 1.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.

    Example:
        >>> low, high = evaluation.wilson_interval(9_950, 10_000)
        >>> f"{low:.2%} to {high:.2%}"
        '99.34% to 99.62%'
    """
    p = hits / n
    center = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half_width = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return max(0.0, min(p, center - half_width)), min(1.0, max(p, center + half_width))  # rounding must not exclude p


def paired_interval(only_first: int, only_second: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The adjusted Wald interval of the difference between two paired proportions.

    Args:
        only_first: how many of the pairs succeeded only the first time.
        only_second: how many succeeded only the second time.
        n: the number of pairs, at least 1.
        z: the normal quantile; the default gives 95 %.

    Returns:
        `(low, high)` for the first proportion minus the second, both from -1 to 1.

    Source: D. G. Bonett and R. M. Price, "Adjusted Wald Confidence Interval for a Difference of Binomial Proportions
    Based on Paired Data", Journal of Educational and Behavioral Statistics 37(4), 2012.
    """
    first, second = (only_first + 1) / (n + 2), (only_second + 1) / (n + 2)
    center = first - second
    half_width = z * math.sqrt((first + second - center**2) / (n + 2))
    return max(-1.0, center - half_width), min(1.0, center + half_width)
