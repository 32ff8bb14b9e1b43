"""The ``ftpalg`` command.

``commands`` is the table of what there is; each command has a module that is imported when it is
asked for, so that ``ftpalg --help`` is quick.  Statuses: 0 done, 1 failed, 2 wrong words or settings.
"""

DONE, FAILED, WRONG = 0, 1, 2
