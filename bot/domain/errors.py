"""What may be refused; each error's message is its docstring."""


class DomainError(Exception):
    """The request breaks a rule."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class NotFound(DomainError):
    """There is no such thing, or it is not yours to see."""


class NotAllowed(DomainError):
    """A complaint cannot go from that status to this one."""


class ReasonMissing(DomainError):
    """This change needs a reason."""


class Empty(DomainError):
    """There is nothing to send."""


class TooLong(DomainError):
    """That is longer than a message may be."""


class Overtaken(DomainError):
    """Another officer was faster; nothing was changed."""


class NotYours(DomainError):
    """Your role does not allow this."""


class NotServing(DomainError):
    """That officer does not serve in the office of this complaint."""


class AlreadyReopened(DomainError):
    """It was reopened once already."""


class OwnRequest(DomainError):
    """Another officer has to decide, not the one who asked."""


class TimeOver(DomainError):
    """The time for this is over."""


class NotMergeable(DomainError):
    """These two complaints cannot be put together."""


class UnknownField(DomainError):
    """The text has a field that is not filled in."""
