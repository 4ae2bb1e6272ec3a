"""The distance of a number that was read from the one that was written, in digits."""

from digitdrop.evaluation.answers import Answers


def edit_distance(one: str, other: str) -> int:
    """Count the digits to insert, delete or replace to make one number of the other.

    Levenshtein 1966, "Binary codes capable of correcting deletions, insertions and reversals".

    >>> edit_distance("0042", "42"), edit_distance("1750", "1150"), edit_distance("727", "")
    (2, 1, 3)
    """
    row = list(range(len(other) + 1))
    for number, digit in enumerate(one, start=1):
        corner, row[0] = row[0], number
        for place, its in enumerate(other, start=1):
            replaced = corner + (digit != its)
            corner, row[place] = row[place], min(replaced, row[place] + 1, row[place - 1] + 1)
    return row[-1]


def edits_per_digit(answers: Answers) -> float:
    """Return the edit distances of all rows, over the digits of all labels; 0 is best.

    A row without a prediction lacks every digit of its label. Where rows have more digits
    than their labels, the figure may pass 1.

    Args:
        answers: rows with labels; at least one.
    """
    pairs = zip(answers.label.tolist(), answers.prediction.tolist(), strict=True)
    return sum(edit_distance(label, said) for label, said in pairs) / int(answers.lengths.sum())
