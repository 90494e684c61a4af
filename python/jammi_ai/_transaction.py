"""Changes of mutable tables that land together."""

from types import TracebackType
from typing import Any

import pyarrow

from . import _arguments, _jammi


class Transaction:
    """Changes of mutable tables that see each other and land together or not at all. `Database.transaction` makes it:

        with db.transaction() as changes:
            changes.sql("UPDATE mutable.public.items SET valid_to = 5 WHERE item_id = 'a' AND valid_to IS NULL")
            changes.sql("INSERT INTO mutable.public.items VALUES ('a', 'premium', 5, NULL)")

    The end of the block commits; an exception that leaves it rolls back. A call that fails rolls back at once, after
    which every other one raises RuntimeError "... the transaction is over ...". No other transaction writes meanwhile:
    keep it short.
    """

    def __init__(self, session: _jammi.Session) -> None:
        self._transaction = _jammi.Transaction(session)

    def sql(self, statements: str) -> pyarrow.Table:
        """Runs what `Database.sql` takes, without relations; it sees the changes made so far."""
        return pyarrow.table(self._transaction.sql(_arguments.text("statements", statements)))

    def insert_batch(self, table: str, rows: Any) -> None:
        """Adds rows, as `Database.insert_batch` does."""
        self._transaction.insert_batch(
            _arguments.text("table", table), _jammi.Table(_arguments.arrow_table("rows", rows))
        )

    def commit(self) -> None:
        """Makes the changes last and ends the transaction."""
        self._transaction.commit()

    def rollback(self) -> None:
        """Forgets the changes and ends the transaction."""
        self._transaction.rollback()

    def __enter__(self) -> "Transaction":
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exception_type is None:
            self.commit()
        else:
            self.rollback()
