"""What a member takes along, with a receipt: for themselves, and for operators who asked them to.

The operator begins it and the member downloads it, so that no operator ever holds it.

Spec: GDPR articles 5(2) and 20
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256

from pod.identity.export import Enclosures, export_account
from pod.services import Services
from pod.store.accounts import Account
from pod.store.receipts import ReceiptKind, Receipts, tally
from pod.store.records import SERVER


def export_with_receipt(services: Services, account: Account, beside: Enclosures) -> Iterator[bytes]:
    """The pieces of a zip file; once all of them were taken, there is a receipt with its digest."""
    found = tally(services.store, [each.path for each in services.accounts.storages(account.id)])
    digest = sha256()
    with closing(export_account(services, account, beside)) as pieces:  # type: ignore[type-var]  # a generator
        for piece in pieces:
            digest.update(piece)
            yield piece
    with services.store.write(SERVER) as tx:
        operator = Receipts(tx).take_offer(tx, account.id)
        who = (account.id, account.name)
        Receipts(tx).add(tx, ReceiptKind.EXPORT, who, found, operator=operator, archive=digest.hexdigest())
