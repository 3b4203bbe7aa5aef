"""The pods of an account: each is a storage with a WebID of its own.

Spec: Solid #storage-resource; Solid WebID Profile
"""

from __future__ import annotations

from pod.errors import Conflict
from pod.identity.accounts import check_free, check_name, make_pod
from pod.services import Services
from pod.store.accounts import Account, Accounts, StorageUsage
from pod.store.records import SERVER


def list_pods(services: Services, account_id: int) -> tuple[StorageUsage, ...]:
    return services.accounts.storages(account_id)


def add_pod(services: Services, account: Account, name: str) -> StorageUsage:
    """Another pod of an account, with the WebID `<storage>profile/card#me`. Pods share their names with accounts.

    Raises: UnprocessableContent, Conflict -- a name that cannot be used, or is taken; or the account has enough.
    """
    check_name(services.config, name)
    with services.store.write(SERVER) as tx:
        accounts = Accounts(tx)
        now = accounts.by_id(account.id)
        if now is None or now.leaving:
            raise Conflict("The account is about to be deleted.")
        if len(accounts.storages(account.id)) >= services.config.pods_per_account_max:
            raise Conflict(f"An account has at most {services.config.pods_per_account_max} pods here.")
        check_free(services, tx, name)
        make_pod(services, tx, now, name)
        return next(each for each in accounts.storages(account.id) if each.path == f"/{name}/")
