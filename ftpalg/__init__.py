"""ftpalg: an application-layer gateway for FTP."""

__version__ = "0.1.0"
