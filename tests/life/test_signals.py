"""Signals: taken from the first moment, remembered until somebody attends."""

from __future__ import annotations

import signal
import threading
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.life.signals import EARLY, ORDERS, Order, Signals


class SignalsCase(SynchronousTestCase):
    """Each test gives back what it takes."""

    def setUp(self) -> None:
        for name in ORDERS:
            number = getattr(signal, name)
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        self.signals = Signals()
        self.heard: list[Order] = []


class Taken(SignalsCase):
    """Which signals, and when."""

    def test_each(self) -> None:
        """Each has its meaning."""
        self.signals.take()
        self.signals.attend(self.heard.append)
        for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2"):
            signal.raise_signal(getattr(signal, name))
        self.assertEqual(
            self.heard, [Order.STOP, Order.STOP, Order.RELOAD, Order.REOPEN, Order.SHOW]
        )

    def test_remembered(self) -> None:
        """What comes before anybody attends is heard then, in its order, once."""
        self.signals.take()
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)
        self.signals.attend(self.heard.append)
        self.assertEqual(self.heard, [Order.RELOAD, Order.STOP])
        self.signals.attend(self.heard.append)
        self.assertEqual(self.heard, [Order.RELOAD, Order.STOP])

    def test_early(self) -> None:
        """SIGUSR1 is left to a program's own log file until it is shared."""
        before = signal.getsignal(signal.SIGUSR1)
        self.signals.take(EARLY)
        self.assertEqual(signal.getsignal(signal.SIGUSR1), before)
        self.assertNotEqual(signal.getsignal(signal.SIGHUP), signal.SIG_DFL)

    def test_shared(self) -> None:
        """Who had a shared one before hears it too; the system's own ending of the process is gone."""
        rotated: list[int] = []
        signal.signal(signal.SIGUSR1, lambda number, frame: rotated.append(number))
        self.signals.share("SIGUSR1")
        self.signals.attend(self.heard.append)
        signal.raise_signal(signal.SIGUSR1)
        self.assertEqual((rotated, self.heard), ([signal.SIGUSR1], [Order.REOPEN]))
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        Signals().share("SIGUSR1")
        signal.raise_signal(signal.SIGUSR1)

    def test_shared_twice(self) -> None:
        """Shared again it is heard once all the same."""
        self.signals.share("SIGUSR1")
        self.signals.share("SIGUSR1")
        self.signals.attend(self.heard.append)
        signal.raise_signal(signal.SIGUSR1)
        self.assertEqual(self.heard, [Order.REOPEN])

    def test_other_threads(self) -> None:
        """Only the main thread can have signals; another one asks in vain, and is not hurt."""
        failures: list[Any] = []
        before = signal.getsignal(signal.SIGTERM)

        def try_it() -> None:
            try:
                self.signals.take()
                self.signals.share("SIGUSR1")
            except ValueError as error:
                failures.append(error)

        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
        self.assertEqual((failures, signal.getsignal(signal.SIGTERM)), ([], before))
