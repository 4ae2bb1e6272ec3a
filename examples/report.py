"""What became of the pictures? The report with pandas: `python examples/report.py OUTBOX`.

pandas is all that it needs, of any version from 2.2 on; nothing of Digitdrop.
"""

import sys
from pathlib import Path

try:
    import pandas as pd
except ModuleNotFoundError:
    raise SystemExit("this needs pandas: python -m pip install pandas") from None


def load(outbox: Path) -> pd.DataFrame:
    """Read the report and those that were closed, oldest first; none with others' columns."""
    found = sorted(outbox.glob("predictions*.csv"), key=lambda path: path.stat().st_mtime)
    files = [path for path in found if "-foreign-" not in path.name]
    if not files:
        raise SystemExit(f"no predictions.csv in {outbox}: name the outbox of a worker")
    # Text though all cells look like numbers, or all are empty: 0042 is not 42.
    kinds = dict.fromkeys(("prediction", "runner_up", "reason"), "string")
    report = pd.concat([pd.read_csv(path, dtype=kinds) for path in files], ignore_index=True)
    if report.empty:
        raise SystemExit(f"no row in {outbox} yet: drop a picture into the inbox of its worker")
    return report.assign(time=pd.to_datetime(report["time"]))


def latest(report: pd.DataFrame) -> pd.DataFrame:
    """Leave the rows that count: those that no person has put right since."""
    corrections = report.loc[report["status"] == "corrected", "reason"]
    return report[~report["id"].isin(corrections.str.removeprefix("corrects "))]


def main() -> None:
    """Print how many pictures there are, how sure their readings, and which to look at."""
    report = load(Path(sys.argv[1] if len(sys.argv) > 1 else "outbox"))
    counting = latest(report)
    print(f"{len(report):,} rows about {len(counting):,} pictures")
    print("\nby day and status")
    print(pd.crosstab(counting["time"].dt.date, counting["status"]).to_string())
    print("\nthe ten commonest answers: how many, and the mean confidence")
    answers = counting.groupby("prediction")["confidence"].agg(["size", "mean"])
    print(answers.nlargest(10, "size").to_string(float_format="{:.4f}".format))
    print("\nleast sure, first")
    read = counting[counting["status"].isin(["ok", "uncertain"])]
    columns = ["file", "prediction", "confidence", "runner_up"]
    print(read.sort_values("confidence").head(5)[columns].to_string(index=False))


if __name__ == "__main__":
    main()
