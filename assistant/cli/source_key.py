"""`assistant sources rotate-key`: passwords of sources sealed again with a new key."""

from __future__ import annotations

from contextlib import closing

from assistant.data_folder import prepare_data_folder
from assistant.databases import open_store
from assistant.ownership import own
from assistant.settings import Settings
from assistant.source_places import sealer_of


def rotate(settings: Settings) -> int:
    """Make a new key, seal every password with it in one transaction, then forget the former key.

    Cut short, it leaves both keys, which open everything; it is then simply run again.

    Returns:
        How many passwords there are.

    Raises:
        ConfigurationError: A password cannot be opened ("sealing_key_wrong"), or a server or another
            command owns the data folder: nothing changed.
        StorageError: The database cannot be written.
    """
    folder = prepare_data_folder(settings.data_dir)
    sealer = sealer_of(settings, folder)
    with (
        own(folder.run, command="sources rotate-key"),
        closing(open_store(settings, may_migrate=False)) as database,
    ):
        with database.unit_of_work() as work:
            work.lock()
            kept = work.source_queue.all_sealed()
            plain = {each: sealer.open(sealed, owner=each) for each, sealed in kept.items()}
            sealer.add_key()
            for source_id, password in plain.items():
                sealed = sealer.seal(password, owner=source_id)
                work.sources.set_sealed(source_id, sealed=sealed)
            work.commit()
        sealer.drop_old_keys()
    return len(plain)
