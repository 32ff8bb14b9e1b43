"""``GET /quotas`` and ``POST /reset-quota``: what accounts have used today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ftpalg.admin.asking import Asked, Json, Listed, Refusal
from ftpalg.admin.recording import record
from ftpalg.admin.steered import Days, Steered
from ftpalg.core.bans import account_key
from ftpalg.core.quotas import Counted, Quota

BATCH = 500
"""Accounts in one turn of the reactor."""
NAME = 255
"""Signs of an account's name."""
OFF = "nothing is counted by the day: set limits.upload-bytes-per-day, or another that ends so"

DAILY = {quota.counted: quota.word.replace("-", "_") for quota in Quota if quota.counted}


def quotas(gateway: Steered, asked: Asked) -> Listed:
    """Each account that has used something today, beside what the general limits let it use."""
    used: dict[str, dict[Counted, int]] = {}
    for row in _days(gateway).rows:
        used.setdefault(row.account, {})[row.counted] = row.used
    return Listed("quotas", _batches(gateway, sorted(used), used))


def _batches(
    gateway: Steered, accounts: Sequence[str], used: dict[str, dict[Counted, int]]
) -> Iterator[list[Json]]:
    limits = gateway.settings.limits
    for at in range(0, len(accounts), BATCH):
        yield [
            {
                "account": account,
                **{
                    one.value.replace("-", "_"): {
                        "used": used[account].get(one, 0),
                        "limit": getattr(limits, DAILY[one]),
                    }
                    for one in Counted
                },
            }
            for account in accounts[at : at + BATCH]
        ]


def reset(gateway: Steered, asked: Asked) -> Json:
    """Whose day begins anew."""
    account = asked.get("account", "")
    if not account or len(account) > NAME or not account.isprintable():
        raise Refusal(400, f"'account' is a name of at most {NAME} printable signs")
    if not _days(gateway).reset(account):
        record(gateway, asked, "reset-quota", result="refused")
        raise Refusal(404, f"account {account_key(account)} has used nothing today")
    record(gateway, asked, "reset-quota", result="its day begins anew")
    return {"account": account_key(account)}


def _days(gateway: Steered) -> Days:
    days = gateway.days
    if days is None:
        raise Refusal(409, OFF)
    return days
