"""What goes wrong, by kind; row 6 catches KBError and prints its one line."""


class KBError(Exception):
    """Says what happened, to which id, and what mends it."""


class FetchError(KBError):
    """The network failed; worth another try."""


class SourceError(KBError):
    """A publisher answered with something other than the text."""


class ParseError(KBError):
    """Bytes that we cannot read, or that hold no provisions."""


class StoreError(KBError):
    """The knowledge base is missing, damaged, or built with another model."""


class QueryError(KBError):
    """A question that cannot be served: blank, too long, an unknown filter."""


class ConfigError(KBError):
    """An unknown or impossible setting, by name; or a faulty catalogue entry, by file and line."""
