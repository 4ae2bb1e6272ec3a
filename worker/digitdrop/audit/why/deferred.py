"""What the worker tells that it cannot do for now with one picture, or with its folder."""

from digitdrop.audit.why.answer import Diagnosis, DiagnosisKind
from digitdrop.audit.why.trace import Trace
from digitdrop.escape import printable


def deferred_diagnosis(seen: Trace) -> Diagnosis | None:
    """Say what the worker cannot do with this picture; None if it tells nothing of it."""
    label = seen.spot.label
    name = f"{label}/{seen.spot.name}" if label else seen.spot.name
    for one in seen.told.deferred if seen.told else ():
        if name == one.name or name.startswith(f"{one.name}/"):
            about = "it" if name == one.name else f"its folder {printable(one.name)}"
            return Diagnosis(
                DiagnosisKind.STUCK,
                f"{about} cannot {one.cannot}: {one.why} (since {one.since}); "
                "the worker tries again and again, and reads the others meanwhile",
                "let the user that runs the worker read, write and rename there; "
                "the worker goes on by itself",
            )
    return None
