"""Tells twistd and twist of ftpalg; imported by both at each start, so it imports nothing else."""

from twisted.application.service import ServiceMaker

ftpalg = ServiceMaker("ftpalg", "ftpalg.service", "An application-layer gateway for FTP.", "ftpalg")
