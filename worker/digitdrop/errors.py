"""All errors, sorted by who has to act.

DigitdropError
├── InputError        this file's sender: set the file aside, go on with the next
│   ├── Unreadable    no picture, or of a kind that is not read
│   ├── TooLarge      more bytes or pixels than allowed
│   ├── AlreadyRead   its row is in the report: there is nothing to do
│   └── NotYet        it cannot be read now, but perhaps in a moment
│       ├── Incomplete    the picture ends too early: perhaps it is still being written
│       ├── Unavailable   the system refuses to read it
│       ├── OutOfMemory   there is too little memory just now
│       └── Gone          it does not exist any more
└── SetupError        the operator: stop, nothing will work until it is put right
    ├── ModelError    the model is missing, damaged, or not the one that its card describes
    ├── FolderError   an inbox, outbox or source that cannot be used as such
    └── ReportError   the report cannot be written
        └── RunBrokeOff   a one-shot run cannot write any more: run it again, it goes on
"""


class DigitdropError(Exception):
    """Base of all errors of Digitdrop; the text is one line for a person."""


class InputError(DigitdropError):
    """One file cannot be read; every other file can."""


class Unreadable(InputError):
    """The bytes are no picture of a known format, or a damaged one."""


class TooLarge(InputError):
    """The file has more bytes, or the picture more pixels, than allowed."""


class AlreadyRead(InputError):
    """The file's row is in the report already."""


class NotYet(InputError):
    """The file cannot be read now; it is worth another try when it changes."""


class Incomplete(NotYet):
    """The bytes stop before the picture does; a writer may not be done with it."""


class Unavailable(NotYet):
    """The system refuses to open or read the file: permissions, a lock, a failing disk."""


class OutOfMemory(NotYet):
    """There is not enough memory to read the file just now; the file itself may be sound."""


class Gone(NotYet):
    """The file does not exist any more; there is nothing to read and nothing to record."""


class SetupError(DigitdropError):
    """Nothing can be read until the operator puts this right."""


class ModelError(SetupError):
    """The model is missing, damaged, or not the one that its card describes."""


class FolderError(SetupError):
    """A folder is missing, not writable, or nested where it must not be."""


class ReportError(SetupError):
    """The report cannot be opened or written."""


class RunBrokeOff(ReportError):
    """A run that has begun cannot write its report any more; run again, it goes on from there."""
