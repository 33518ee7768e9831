"""How asking another server fails."""

from apps.core.errors import MediaHubError


class OutgoingError(MediaHubError):
    """Another server was not asked, or did not answer as it should."""

    code = "outgoing"
    status = 502


class NameUnknown(OutgoingError):
    """No server has this name, or the name server does not answer."""

    code = "name_unknown"
    passing = True


class AddressRefused(OutgoingError):
    """The address is none of http or https, or leads to this machine or a private network."""

    code = "address_refused"
    status = 400


class TlsFailed(OutgoingError):
    """The server could not show that it is the one that was meant."""

    code = "tls_failed"


class Unreachable(OutgoingError):
    """Nothing answers, or what did broke off."""

    code = "unreachable"
    passing = True


class TimedOut(OutgoingError):
    """The whole answer was not there in time."""

    code = "timed_out"
    status = 504
    passing = True


class TooLarge(OutgoingError):
    """The answer is larger than anything that was expected; the rest was not read."""

    code = "too_large"


class WrongType(OutgoingError):
    """The answer is of another type than was asked for."""

    code = "wrong_type"


class Refused(OutgoingError):
    """The server answered with an error, whose HTTP status is ``answered``."""

    code = "refused"

    def __init__(self, message: str, answered: int) -> None:
        super().__init__(message)
        self.answered = answered
